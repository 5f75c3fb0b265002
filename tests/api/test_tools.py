"""What is refused of an inline tool."""

from __future__ import annotations

import copy

import pytest

from tests.api.test_agents import TOOL
from thunderbox.api import tools
from thunderbox.errors import InvalidError

WRONG = [
    (("type",), "web", ".type"),
    (("function",), None, ".function is missing"),
    (("function", "name"), "", ".function.name"),
    (("function", "name"), "two words", ".function.name"),
    (("function", "name"), 5, ".function.name"),
    (("function", "description"), 5, ".function.description"),
    (("function", "parameters"), [], ".function.parameters must"),
    (("function", "parameters"), {"type": "array"}, ".function.parameters must"),
    (("function", "parameters", "properties"), [], ".properties must"),
    (("function", "parameters", "required"), "day", ".required must"),
    (("endpoint",), None, ".endpoint is missing"),
    (("endpoint", "url"), "", ".endpoint.url"),
    (("endpoint", "url"), "ftp://a.example", ".endpoint.url"),
    (("endpoint", "url"), "https://", ".endpoint.url"),
    (("endpoint", "url"), "//a.example/x", ".endpoint.url"),
    (("endpoint", "url"), "https://a.example:port/", ".endpoint.url"),
    (("endpoint", "url"), "/with space", ".endpoint.url"),
    (("endpoint", "method"), "BREW", ".endpoint.method"),
    (("endpoint", "headers"), ["X"], ".endpoint.headers"),
    (("endpoint", "headers"), {"X": "a\r\nY: b"}, ".endpoint.headers"),
    (("endpoint", "headers"), {"X Y": "a"}, ".endpoint.headers"),
    (("endpoint", "timeout"), "soon", ".endpoint.timeout"),
    (("function", "parameters"), {"properties": {"a": {"type": "str"}}}, ".parameters is no JSON"),
    (("timeout",), 0, ".timeout"),
    (("timeout",), True, ".timeout"),
]


def changed(path: tuple[str, ...], value: object) -> dict:
    tool = copy.deepcopy(TOOL)
    inner = tool
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return tool


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_what_is_wrong_is_named(path, value, message):
    with pytest.raises(InvalidError) as caught:
        tools.check([TOOL | {"function": {"name": "fine"}}, changed(path, value)])
    [sentence] = caught.value.fields["tools"]
    assert sentence.startswith("tools[1]")
    assert message in sentence


@pytest.mark.parametrize(
    "url", ["http://a.example", "https://a.example:8443/x?y=1", "http://[::1]:80/", "/", "/a/b"]
)
def test_urls_that_are_fine(url):
    assert tools.check([changed(("endpoint", "url"), url)])


def test_two_tools_cannot_share_a_name():
    with pytest.raises(InvalidError, match="a second time"):
        tools.check([TOOL, TOOL])


def test_there_can_be_too_many():
    with pytest.raises(InvalidError, match="at most 64"):
        tools.check([TOOL] * 65)
