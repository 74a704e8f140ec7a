"""The environment: helpers that refuse nonsense, and settings that refuse what is not safe."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from speech_project import database, env

ROOT = Path(__file__).resolve().parent.parent
SAFE_KEY = "k" * 30 + "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def variables(monkeypatch):
    """Sets variables; those of the database that the tests run on are gone."""
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "VERBATIM_CONTAINER", *database.DB_VARIABLES):
        monkeypatch.delenv(name, raising=False)

    def set_all(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_all


def refusal(call, *args, **kwargs):
    with pytest.raises(ImproperlyConfigured) as caught:
        call(*args, **kwargs)
    return str(caught.value)


# --- Helpers -----------------------------------------------------------------------------------


def test_text_is_stripped_and_empty_means_default(variables):
    variables(A="  x ", B=" ")
    assert env.text("A") == "x"
    assert env.text("B", "default") == "default"
    assert env.text("MISSING_VARIABLE", "default") == "default"


def test_text_names_what_is_allowed(variables):
    variables(A="c")
    assert refusal(env.text, "A", allowed=("a", "b")) == "A is 'c'. Allowed: a, b."


def test_networks_are_networks_and_single_addresses(variables):
    variables(A="10.20.0.0/16, fd00:1::/64,127.0.0.1", B="")
    assert [str(network) for network in env.networks("A")] == [
        "10.20.0.0/16",
        "fd00:1::/64",
        "127.0.0.1/32",
    ]
    assert env.networks("B") == []


@pytest.mark.parametrize("value", ["house", "10.20.0.1/16", "10.20.0.0/33", "https://10.1.1.1"])
def test_what_is_no_network_is_told(variables, value):
    variables(A=value)
    assert f"A holds '{value}'. Allowed: networks like 10.20.0.0/16" in refusal(env.networks, "A")


@pytest.mark.parametrize("value", ["1", "true", "Yes", "ON"])
def test_boolean_true(variables, value):
    variables(A=value)
    assert env.boolean("A", False) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_boolean_false(variables, value):
    variables(A=value)
    assert env.boolean("A", True) is False


def test_boolean_default_and_nonsense(variables):
    variables(A="", B="maybe")
    assert env.boolean("A", True) is True
    assert refusal(env.boolean, "B", True) == "B is 'maybe'. Allowed: true or false."


def test_integer(variables):
    variables(A="7")
    assert env.integer("A", 1, least=1, most=10) == 7
    assert env.integer("MISSING_VARIABLE", 3, least=1, most=10) == 3


@pytest.mark.parametrize("value", ["0", "11", "x", "1.5", "-3"])
def test_integer_nonsense(variables, value):
    variables(A=value)
    message = refusal(env.integer, "A", 1, least=1, most=10)
    assert message == f"A is {value!r}. Allowed: a whole number from 1 to 10."


def test_share(variables):
    variables(A="0.9", B="1")
    assert (env.share("A"), env.share("B"), env.share("MISSING_VARIABLE")) == (0.9, 1, None)


@pytest.mark.parametrize("value", ["0", "-1", "1.1", "nan", "90%"])
def test_share_nonsense(variables, value):
    variables(A=value)
    assert refusal(env.share, "A").startswith(f"A is {value!r}. Allowed: a number over 0")


def test_names(variables):
    variables(A=" a, b ,,c ")
    assert env.names("A") == ["a", "b", "c"]
    assert env.names("MISSING_VARIABLE", "x,y") == ["x", "y"]


def test_url(variables):
    variables(A="https://example.org", B="ftp://u:secret-word@example.org")
    assert env.url("A", schemes=("http", "https")) == "https://example.org"
    message = refusal(env.url, "B", schemes=("http", "https"))
    assert "B is not a usable address" in message
    assert "http:// or https://" in message
    assert "secret-word" not in message


def test_secret_from_file(variables, tmp_path):
    file = tmp_path / "key"
    file.write_text("hidden\n", encoding="utf-8")
    variables(A_FILE=str(file))
    assert env.secret("A") == "hidden"


def test_secret_set_twice(variables, tmp_path):
    variables(A="x", A_FILE=str(tmp_path / "key"))
    assert refusal(env.secret, "A") == "A and A_FILE are both set. Set only one of them."


def test_secret_from_missing_file(variables, tmp_path):
    variables(A_FILE=str(tmp_path / "missing"))
    assert "A_FILE: cannot read" in refusal(env.secret, "A")


# --- Which database ----------------------------------------------------------------------------


def test_embedded_when_nothing_is_set(variables):
    assert database.address().embedded


def test_no_embedded_database_in_a_container(variables):
    variables(VERBATIM_CONTAINER="true")
    assert "DATABASE_URL, or DB_HOST" in refusal(database.address)


def test_database_url_wins(variables):
    variables(DATABASE_URL="postgresql://u:p%40ss@db.example:6543/name", DB_HOST="other")
    found = database.address()
    assert (found.host, found.port, found.name) == ("db.example", "6543", "name")
    assert (found.user, found.password) == ("u", "p@ss")


def test_database_variables(variables, tmp_path):
    file = tmp_path / "password"
    file.write_text("from the file\n", encoding="utf-8")
    variables(DB_HOST="db.example", DB_PASSWORD_FILE=str(file))
    found = database.address()
    assert (found.host, found.port, found.name) == ("db.example", "5432", "speech_to_text")
    assert (found.user, found.password) == ("postgres", "from the file")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret-word@h/name",
        "postgresql://u:secret-word@h",
        "postgresql://u:secret-word@h:99999/name",
        "postgresql://u:secret-word@h:x/name",
        "postgresql://u:secret-word@h/name?nonsense=1",
    ],
)
def test_database_url_nonsense(variables, url):
    variables(DATABASE_URL=url)
    message = refusal(database.address)
    assert "DATABASE_URL" in message
    assert "secret-word" not in message


# --- The whole settings ------------------------------------------------------------------------


def environment(**variables):
    """Just these variables; nothing here connects to the database."""
    given = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "SECRET_KEY": SAFE_KEY} | variables
    return {name: value for name, value in given.items() if value is not None}


@pytest.fixture
def settings_with(monkeypatch, tmp_path):
    def load(**variables):
        given = environment(VERBATIM_DATA=str(tmp_path), **variables)
        monkeypatch.setattr(os, "environ", given)
        return SimpleNamespace(**runpy.run_path(str(ROOT / "speech_project" / "settings.py")))

    return load


def check(*arguments, **variables):
    """`manage.py check` in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        (
            {"SECRET_KEY": "only-for-development-never-for-real-recordings-0123456789"},
            "SECRET_KEY is not set",
        ),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is *"),
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps'. Allowed: true or false."),
        ({"SITE_URL": "verbatim.example.org"}, "SITE_URL holds 'verbatim.example.org'"),
        ({"SITE_URL": "https://a/b"}, "SITE_URL holds 'https://a/b'"),
        ({"CSRF_TRUSTED_ORIGINS": "foo"}, "CSRF_TRUSTED_ORIGINS holds 'foo'"),
        ({"ALLOWED_HOSTS": "https://foo"}, "ALLOWED_HOSTS holds 'https://foo'"),
        ({"CELERY_BROKER_URL": "garbage"}, "CELERY_BROKER_URL is not a usable address"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'loud'"),
        ({"TIME_ZONE": "Mars"}, "TIME_ZONE is 'Mars'"),
        ({"STT_MODEL": "typo"}, "STT_MODEL is 'typo'. Allowed: gpt-transcribe"),
        ({"STT_MODEL": "whisper-1"}, "which needs OPENAI_API_KEY"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL is not a usable address"),
        ({"MAX_UPLOAD_MB": "lots"}, "MAX_UPLOAD_MB is 'lots'"),
        ({"TRAINING_CONSENT_PAGES": "some"}, "TRAINING_CONSENT_PAGES is 'some'. Allowed: true"),
        ({"LEARN_ACCEPT_CONFIDENCE": "90"}, "LEARN_ACCEPT_CONFIDENCE is '90'. Allowed: a number"),
    ],
)
def test_refused(settings_with, variables, message):
    assert message in refusal(settings_with, **variables)


def test_whoever_starts_it_is_told(tmp_path):
    done = check(VERBATIM_DATA=str(tmp_path), SECRET_KEY=None)
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


def test_debug_allows_what_is_for_development_only(settings_with):
    found = settings_with(DEBUG="true", SECRET_KEY=None, ALLOWED_HOSTS="*")
    assert (found.DEBUG, found.ALLOWED_HOSTS) == (True, ["*"])


def test_check_deploy_is_clean_with_https(tmp_path):
    done = check(
        "--deploy",
        "--fail-level=WARNING",
        VERBATIM_DATA=str(tmp_path),
        SITE_URL="https://verbatim.example.org",
        ALLOWED_HOSTS="verbatim.example.org",
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_http_is_not_forced_to_https(settings_with):
    found = settings_with()
    assert (found.SECURE_SSL_REDIRECT, found.SESSION_COOKIE_SECURE) == (False, False)


def test_secret_key_from_a_file(settings_with, tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{SAFE_KEY}\n", encoding="utf-8")
    found = settings_with(SECRET_KEY=None, SECRET_KEY_FILE=str(file))
    assert found.SECRET_KEY == SAFE_KEY


@pytest.mark.parametrize(
    ("variables", "model"),
    [
        ({}, "pocketsphinx"),
        ({"OPENAI_API_KEY": "key"}, "gpt-transcribe"),
        ({"OPENAI_API_KEY": "key", "STT_MODEL": "whisper-1"}, "whisper-1"),
    ],
)
def test_default_model(settings_with, variables, model):
    found = settings_with(**variables)
    assert model == found.STT_MODEL


@pytest.mark.parametrize(
    ("variables", "broker"),
    [
        ({}, "verbatimfs"),
        ({"REDIS_URL": "redis://r/1"}, "redis://r/1"),
        ({"REDIS_URL": "redis://r/1", "CELERY_BROKER_URL": "redis://q/2"}, "redis://q/2"),
    ],
)
def test_broker(settings_with, variables, broker):
    assert settings_with(**variables).CELERY_BROKER_URL.startswith(broker)


def test_example_has_every_variable():
    kinds = "text|secret|boolean|integer|share|names|networks|url"
    read = re.compile(rf'env\.(?:{kinds})\(\s*"([A-Z_0-9]+)"')
    used = set()
    for file in (ROOT / "speech_project").glob("*.py"):
        used |= set(read.findall(file.read_text(encoding="utf-8")))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    described = set(re.findall(r"^#?([A-Z_0-9]+)=", example, re.MULTILINE))
    assert used, "the pattern finds nothing any more"
    assert used <= described, used - described
