import pytest

from thunderbox.voice.engines.llama_sequences import Sequences, common


def hold(sequences: Sequences, conversation: str, tokens: list[int]) -> int:
    """Read a prompt to its end and let go of it."""
    plan = sequences.take(conversation, tokens)
    assert plan is not None
    plan.sequence.tokens[:] = tokens
    sequences.release(plan.sequence)
    return plan.sequence.id


@pytest.mark.parametrize(
    ("held", "prompt", "length"),
    [([], [1], 0), ([1, 2], [1, 2, 3], 2), ([1, 2, 9], [1, 2, 3], 2), ([4], [1], 0)],
)
def test_common_beginning(held: list[int], prompt: list[int], length: int) -> None:
    assert common(held, prompt) == length
    assert common(held * 1, list(prompt)) == length


def test_a_conversation_keeps_its_sequence() -> None:
    sequences = Sequences(3)
    first = hold(sequences, "a", [1, 2, 3])
    hold(sequences, "b", [7, 8])
    plan = sequences.take("a", [1, 2, 3, 4, 5])
    assert plan is not None
    assert (plan.sequence.id, plan.copy_from, plan.keep) == (first, None, 3)


def test_the_last_token_is_always_evaluated() -> None:
    sequences = Sequences(1)
    hold(sequences, "a", [1, 2, 3])
    plan = sequences.take("a", [1, 2, 3])
    assert plan is not None
    assert plan.keep == 2
    assert plan.sequence.tokens == [1, 2]


def test_a_new_conversation_copies_the_longest_beginning() -> None:
    sequences = Sequences(3)
    hold(sequences, "a", [1, 2, 9])
    second = hold(sequences, "b", [1, 2, 3, 4])
    plan = sequences.take("c", [1, 2, 3, 5])
    assert plan is not None
    assert (plan.copy_from, plan.keep) == (second, 3)
    assert plan.sequence.tokens == [1, 2, 3]


def test_a_busy_sequence_may_be_copied_but_not_taken() -> None:
    sequences = Sequences(2)
    busy = sequences.take("a", [1, 2, 3])
    assert busy is not None
    busy.sequence.tokens[:] = [1, 2, 3]
    plan = sequences.take("a", [1, 2, 4])
    assert plan is not None
    assert plan.sequence is not busy.sequence
    assert plan.copy_from == busy.sequence.id


def test_all_busy_means_wait() -> None:
    sequences = Sequences(1)
    plan = sequences.take("a", [1])
    assert plan is not None
    assert not sequences.any_idle()
    assert sequences.take("b", [1]) is None
    sequences.release(plan.sequence)
    assert sequences.take("b", [1]) is not None


def test_the_least_recently_used_gives_way() -> None:
    sequences = Sequences(2)
    first = hold(sequences, "a", [1])
    second = hold(sequences, "b", [2])
    hold(sequences, "a", [1, 3])
    assert hold(sequences, "c", [5]) == second
    assert hold(sequences, "a", [1, 3, 4]) == first


def test_a_call_that_is_over_leaves_only_the_prompt() -> None:
    sequences = Sequences(2)
    plan = sequences.take("a", [1, 2, 3, 4])
    assert plan is not None
    plan.sequence.tokens[:] = [1, 2, 3, 4]
    plan.sequence.prompt_tokens = 2
    sequences.release(plan.sequence)
    assert [sequence.tokens for sequence in sequences.forget("a")] == [[1, 2]]
    assert sequences.forget("a") == []
