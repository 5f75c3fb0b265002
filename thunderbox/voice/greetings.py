"""Greetings: what mailboxes and people say when they pick up, as patterns by language.

Each language has what only a mailbox says, what it says of somebody who is not there (a person
may say that later in a call, too), and what only a person says. Accents may be missing.
"""

from __future__ import annotations

import re

MAILBOX = {
    "en": r"\b(after|at) the (tone|beep)|\b(voice ?mail|mail ?box)\b"
    r"|\b(leave|record) (me )?(a|an|your|the) (short |brief )?(message|name)\b(?!.*\?)",
    "de": r"\bnach dem (signal|piep|ton|pfeif)|\b(mailbox|anrufbeantworter|sprachbox)\b"
    r"|\bhinterlass(en sie|e|t)? (mir |uns )?(bitte )?(eine|ihre|deine) "
    r"(kurze )?nachricht\b(?!.*\?)",
    "fr": r"\bapr[eè]s le (bip|signal)|\b(messagerie|r[eé]pondeur|bo[iî]te vocale)\b"
    r"|\blaiss(ez|er|e)([- ]moi|[- ]nous)? (un|votre|ton) (petit |bref )?message\b(?!.*\?)",
    "es": r"\bdespu[eé]s (de la se[nñ]al|del (tono|pitido))|\b(buz[oó]n de voz|contestador)\b"
    r"|\bdej(e|a|en)(me|nos)? (un|su|tu) (breve )?mensaje\b(?!.*\?)",
    "it": r"\bdopo il (segnale|bip|tono)|\b(segreteria telefonica|casella vocale)\b"
    r"|\blasci(a|are|ate)?(mi|ci)? (un|il (suo|tuo|vostro)) (breve )?messaggio\b(?!.*\?)",
    "pt": r"\b(ap[oó]s|depois d)o? ?o? (sinal|bipe?|tom)\b|\b(caixa postal|correio de voz)\b"
    r"|\bdeix(e|a|ar)(-me|-nos)? (uma|a sua|sua|a tua) (breve )?mensagem\b(?!.*\?)",
    "nl": r"\bna de (piep|toon|pieptoon)|\b(voicemail|antwoordapparaat)\b"
    r"|\b(laat|spreek) (dan )?(een|uw|je) (korte )?(bericht|boodschap)\b(?!.*\?)",
}
ABSENT = {
    "en": r"\b(you('ve| have) reached|not available|unavailable|(can ?not|can't|unable to) "
    r"(come to|take|answer)|get back to you|call you back|not in service|not here right now"
    r"|press (pound|one|\d))\b",
    "de": r"\b(nicht (erreichbar|da|verf[uü]gbar|zu erreichen|vergeben)"
    r"|rufen? (sie |dich )?zur[uü]ck|(derzeit|momentan) nicht)\b",
    "fr": r"\b(pas (disponible|joignable|l[aà])|indisponible|absente?|(vous|te) rappeller\w*"
    r"|bien chez|non attribu[eé])\b",
    "es": r"\b(no (est[aá] disponible|estoy|puedo (atender|contestar)|podemos atender)"
    r"|(le|te) (llamar[eé]|devolver[eé]))\b",
    "it": r"\b(non (è|e|sono|siamo) (disponibil[ei]|raggiungibil[ei]|in casa|al momento)"
    r"|(la|ti) richiamer\w+|non raggiungibile)\b",
    "pt": r"\b(n[aã]o (est[aá] dispon[ií]vel|estou|posso atender|podemos atender)"
    r"|(retorno|retornarei|ligo de volta))\b",
    "nl": r"\b(niet (bereikbaar|beschikbaar|aanwezig|thuis)"
    r"|bel(len)? (u|je) (zo snel mogelijk )?terug|niet opnemen)\b",
}
PERSON = {
    "en": r"\b(how (can|may) i help|what can i do for you|who('s| is) (this|calling|speaking))\b",
    "de": r"\b((wie|was) kann ich (ihnen |dir |f[uü]r sie )|wer (ist da|spricht))",
    "fr": r"\b(que puis[- ]je|en quoi puis[- ]je|comment puis[- ]je|qui est à l'appareil)\b",
    "es": r"\b(en qu[eé] (puedo|le puedo)|qu[ié]+n (habla|llama))\b",
    "it": r"\b(come posso (aiutar|esser)|in cosa posso|chi parla)",
    "pt": r"\b(em que posso|como posso ajudar|quem fala)\b",
    "nl": r"\b((waarmee|hoe) kan ik (u|je)|met wie spreek)",
}


def pattern(phrases: dict[str, str]) -> re.Pattern[str]:
    """One pattern of all languages: a machine may greet in another one than the agent speaks."""
    return re.compile("|".join(phrases.values()), re.IGNORECASE | re.DOTALL)
