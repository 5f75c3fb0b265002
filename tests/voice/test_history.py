"""What the language model is told of the conversation."""

from __future__ import annotations

from thunderbox.voice.history import MOST_NOTES, NOTES, Call, History, Passage


def spoken(history: History, text: str, interrupted: bool = False) -> Passage:
    """The agent says something and is heard."""
    passage = Passage()
    history.attach(passage)
    history.settle(passage, text, interrupted)
    return passage


def test_an_empty_conversation_is_the_prompt() -> None:
    assert History("Be kind.").messages() == [{"role": "system", "content": "Be kind."}]


def test_turns_follow_in_order() -> None:
    history = History("p")
    spoken(history, "Hello.")
    history.caller_said("Hi.")
    roles = [message["role"] for message in history.messages()]
    assert roles == ["system", "assistant", "user"]


def test_two_turns_of_the_caller_in_a_row_are_one_to_the_model() -> None:
    history = History("p")
    history.caller_said("I want")
    history.caller_said("a table.")
    assert history.messages()[1:] == [{"role": "user", "content": "I want a table."}]


def test_words_not_yet_committed_are_only_shown() -> None:
    history = History("p")
    assert history.messages("Hello?")[-1] == {"role": "user", "content": "Hello?"}
    assert len(history.messages()) == 1


def test_interrupted_words_end_with_the_mark() -> None:
    history = History("p")
    spoken(history, "We are open from", interrupted=True)
    assert history.messages()[-1]["content"] == "We are open from ..."


def test_words_that_nobody_heard_are_not_told() -> None:
    history = History("p")
    spoken(history, "")
    assert len(history.messages()) == 1


def test_a_tool_call_and_its_result_follow_the_words_before_it() -> None:
    history = History("p")
    passage = Passage("One moment.", calls=[Call("c1", "book", {"day": "Monday"}, "done")])
    history.attach(passage)
    assert history.messages()[1:] == [
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "book", "arguments": {"day": "Monday"}},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "name": "book", "content": "done"},
    ]


def test_a_tool_call_without_a_result_is_not_told() -> None:
    history = History("p")
    history.attach(Passage("Hm.", calls=[Call("c1", "book", {})]))
    assert history.messages()[1:] == [{"role": "assistant", "content": "Hm."}]


def test_notes_of_a_supervisor_stand_behind_the_prompt() -> None:
    history = History("Be kind.")
    history.caller_said("Hi.")
    history.note("Offer a discount.")
    history.note("Be brief.")
    assert history.messages() == [
        {
            "role": "system",
            "content": f"Be kind.\n\n{NOTES}\n- Offer a discount.\n- Be brief.",
        },
        {"role": "user", "content": "Hi."},
    ]


def test_only_so_many_notes_are_told_and_the_newest_always_is() -> None:
    history = History("p")
    for number in range(100):
        history.note(f"note {number} " + "x" * 990)
    told = history.messages()[0]["content"]
    assert len(told) < MOST_NOTES + 200
    assert "note 99 " in told
    assert "note 95 " not in told
