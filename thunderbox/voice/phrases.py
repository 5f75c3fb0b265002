"""The sentences that the box itself says, whatever the agent: fixed, so that they can be ready.

`ready` phrases are synthesised before the first call: they must be there when an engine is not.
"""

from __future__ import annotations

ASK_AGAIN = "ask_again"
TROUBLE = "trouble"
TROUBLE_END = "trouble_end"
STILL_THERE = "still_there"
SILENCE_END = "silence_end"
TIME_END = "time_end"
GOODBYE = "goodbye"
ONE_MOMENT = "one_moment"
HAND_OVER = "hand_over"
SHUTDOWN = "shutdown"
BALANCE_END = "balance_end"

ENGLISH = {
    ASK_AGAIN: "I am sorry, could you say that again?",
    TROUBLE: "I am sorry, I have a technical problem. Could you say that again, please?",
    TROUBLE_END: "I am sorry, I have a technical problem. Please call again later. Goodbye!",
    STILL_THERE: "Are you still there?",
    SILENCE_END: "I cannot hear you. Goodbye!",
    TIME_END: "I am sorry, this call has reached its time limit. Goodbye!",
    GOODBYE: "Thank you for calling. Goodbye!",
    ONE_MOMENT: "One moment, please.",
    HAND_OVER: "One moment, I will put you through.",
    SHUTDOWN: "I have to end this call now. Goodbye!",
    BALANCE_END: "I am sorry, the credit for this call is used up. Goodbye!",
}


def sentence(phrase: str) -> str:
    """The words of a fixed sentence."""
    return ENGLISH[phrase]
