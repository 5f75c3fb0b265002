"""Settings: defaults, the example file, the environment, and a sentence for every mistake."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from thunderbox import config
from thunderbox.errors import ConfigError
from thunderbox.products import PRODUCTS
from thunderbox.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

WRONG = [
    ("[api]\nport = 99999", 2, "api.port is 99999, but must be a port from 1 to 65535"),
    ('[api]\nport = "x"', 2, 'api.port is "x", but must be a port from 1 to 65535'),
    ("[api]\n\nprot = 1", 3, "there is no setting api.prot. Allowed here: audio_url_seconds,"),
    ("[apii]\nport = 1", 1, "there is no setting [apii]. Allowed here: api, backup, billing"),
    ("port = 3", 1, "there is no setting [port]"),
    ("api = 3", 1, "api is not a setting but a section. Write [api] on a line of its own"),
    ("\n[[api]]\nport = 1", 2, "api is not a setting but a section"),
    ("sip.port = 0", 1, "sip.port is 0, but must be a port"),
    ("api = { port = 0 }", 1, "api.port is 0, but must be a port"),
    ('[api]\npublic_url = "ftp://x"', 2, "http(s)://host[:port], or empty"),
    ('[tls]\nmode = "on"', 2, 'one of "off", "self-signed", "files"'),
    ('[tls]\nmode = "files"', 1, 'tls.certificate is "", but must be the path of a PEM file'),
    ('[tls]\nmode = "files"\ncertificate = "a"', 1, 'tls.key is "", but must be'),
    ('[tls]\nmode = "self-signed"\nport = 8080', 3, "another port than api.port and sip.port"),
    ('[tls]\nnames = ["a b"]', 2, 'tls.names is "a b", but must be host names and IP addresses'),
    ("[sip]\nport = 8080", 2, "sip.port is 8080, but must be another port than api.port"),
    ("[sip]\nmax_calls = 5", 2, "a number from 1 to 4, the limit of the PJSIP build"),
    ("[sip]\nmax_calls = 2.5", 2, "sip.max_calls is 2.5"),
    ('[sip]\nenabled = "yes"', 2, 'sip.enabled is "yes", but must be true or false'),
    ("[sip]\nring_seconds = 31", 2, "a number of seconds from 5 to 30"),
    ('[sip]\nallowed_networks = "10.0.0.0/8"', 2, "must be a list of texts"),
    ('[sip]\nallowed_networks = ["banana"]', 2, 'is "banana", but must be networks such as'),
    ('[sip]\npublic_address = "here"', 2, "an IP address, or empty"),
    ('[trunk]\nserver = "pbx"', 1, 'trunk.user is "", but must be the user name'),
    ('[trunk]\nserver = "pbx:0"\nuser = "a"', 2, "host[:port], or empty for no trunk"),
    ('[trunk]\nnumbers = ["100"]', 2, 'trunk.numbers is "100", but must be numbers such as'),
    ('[trunk]\ntransport = "tls"', 2, 'one of "udp", "tcp"'),
    ("[calls]\nmax_seconds = 1", 2, "a number of seconds from 10 to 86400"),
    ('[calls]\ntimezone = "Berlin"', 2, "a time zone such as Europe/Berlin, or empty"),
    ("[voice]\nthreads = 0", 2, "voice.threads is 0, but must be a number from 1 to 64"),
    ('[remote_chat]\nbase_url = "10.0.0.5"', 2, "http(s)://host[:port]/v1, or empty"),
    ('[remote_chat]\nbase_url = "http://a"', 1, "remote_chat.model is "),
    ('[remote_speech]\nbase_url = "http://a"\nmodel = "b"', 1, "remote_speech.voice is "),
    ('[remote_speech]\nlocale = "English"', 2, "a language, such as en-US or de"),
    ('[remote_chat]\nbase_url = "http://a"\nmodel = "b"\ntimeout_seconds = 8', 4, "less than"),
    ('[livekit]\nurl = "livekit:7880"', 2, "ws(s)://host[:port], or empty"),
    ('[livekit]\nurl = "ws://a"', 1, "livekit.api_key is "),
    ('[livekit]\nurl = "ws://a"\napi_key = "b"', 1, "livekit.api_secret is "),
    ("[product_spark]\ncents_per_minute = -1", 2, "a number of cents from 0 to 10000"),
    ("[product_storm]\ncents_per_minute = 1", 1, "there is no setting [product_storm]"),
    ('[log]\nlevel = "loud"', 2, 'one of "debug", "info", "warning", "error"'),
    ("extensions = 4", 1, "extensions is not a setting but a section"),
    ("[extensions]\n100 = 5", 2, 'extensions.100 is 5, but must be a number in quotes'),
    ('[extensions]\n"a" = "+15550100"', 2, "a key of 1 to 15 digits"),
    ('[extensions]\n100 = "15550100"', 2, "a number such as +15550100 (E.164)"),
]  # fmt: skip


def _read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return config.load(path, environ or {})


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path: Path) -> None:
    assert config.load(None, {}) == Settings() == _read(tmp_path, "")


def test_example_is_the_defaults_and_names_every_setting() -> None:
    assert config.load(EXAMPLE, {}) == Settings()
    written = tomllib.loads(EXAMPLE.read_text())
    for section, kind in config.sections().items():
        assert set(written[section]) == set(kind.__struct_fields__), section


@pytest.mark.parametrize(("text", "line", "sentence"), WRONG)
def test_a_mistake_is_one_sentence_with_its_place(
    tmp_path: Path, text: str, line: int, sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/config.toml, line {line}: ")
    assert sentence in message
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "[trunk]\npassword = 314159",
        '[[trunk]]\npassword = "314159"',
        "trunk = 314159",
        '[remote_chat]\napi_key = "314159 "',
        '[remote_chat]\nbase_url = "http://me:314159@10.0.0.5/v1"',
    ],
)
def test_passwords_stay_out_of_messages(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, text)
    assert "314159" not in str(caught.value)


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml is not valid TOML: .*line 2"):
        _read(tmp_path, "[api]\nport = = 3")


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file.*copy config\.example\.toml"):
        config.load(tmp_path / "nowhere.toml", {})


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(tmp_path / "config.toml", {})


def test_environment_wins(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        "[api]\nport = 8081\n[sip]\nport = 5070",
        {
            "THUNDERBOX_API_PORT": "9000",
            "THUNDERBOX_SIP_ENABLED": "false",
            "THUNDERBOX_SIP_ALLOWED_NETWORKS": "10.0.0.0/8, 192.168.1.0/24",
            "THUNDERBOX_TRUNK_PASSWORD": "1234",
            "THUNDERBOX_REMOTE_CHAT_API_KEY": "sk-1234",
            "THUNDERBOX_EXTENSIONS_200": "+15550123",
            "THUNDERBOX_CONFIG": "elsewhere.toml",
        },
    )
    assert (settings.api.port, settings.sip.port, settings.sip.enabled) == (9000, 5070, False)
    assert settings.sip.allowed_networks == ("10.0.0.0/8", "192.168.1.0/24")
    assert settings.trunk.password == "1234"
    assert settings.remote_chat.api_key == "sk-1234"
    assert settings.extensions == {"100": "+15550100", "200": "+15550123"}


def test_every_product_is_a_section_that_a_file_or_a_variable_changes(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        '[product_bolt]\nlanguage_model = "qwen2.5-1.5b"\nextra_thinking_tokens = 64',
        {"THUNDERBOX_PRODUCT_STORM_BASE_WITH_ACK_CENTS_PER_MINUTE": "15"},
    )
    assert settings.product("bolt").language_model == "qwen2.5-1.5b"
    assert [settings.product("bolt").thinking(level) for level in ("base", "extra")] == [0, 64]
    assert settings.product("storm-extra").thinking("base") == 384
    prices = [settings.product(product).cents_per_minute for product in PRODUCTS]
    assert prices == [8, 10, 14, 15, 20, 20]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("THUNDERBOX_API_PORT", "x", 'api.port is "x", but must be a port from 1 to 65535.'),
        ("THUNDERBOX_API_PRT", "1", "there is no such setting. Allowed here: THUNDERBOX_API_HOST"),
        ("THUNDERBOX_SIP_ENABLED", "no", "true or false"),
        ("THUNDERBOX_PRODUCT_STORM_BASE_PRICE", "1", "there is no such setting."),
        ("THUNDERBOX_EXTENSIONS_200", "200", "a number such as +15550100"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, "[api]\nport = 8081", {name: value})
    assert str(caught.value).startswith(f"environment variable {name}: ")
    assert sentence in str(caught.value)
