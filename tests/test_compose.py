"""docker-compose.yml and Dockerfile: what people rely on. No Docker engine is needed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
OURS = ("app", "worker", "engine-worker", "beat")


def docker(*arguments, **where):
    """The finished `docker compose` command; None where there is no such command."""
    try:
        return subprocess.run(
            ["docker", "compose", *arguments],
            **where,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except FileNotFoundError:
        return None


def as_docker_reads_it(folder):
    """`docker compose config`, where the plug-in is there; else None."""
    version = docker("version")
    if version is None or version.returncode:
        return None
    shutil.copy(ROOT / "docker-compose.yml", folder)
    (folder / ".env").write_text("DB_PASSWORD=p\nSECRET_KEY=k\n")
    done = docker("config", "--format", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def written():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    return (as_docker_reads_it(tmp_path_factory.mktemp("compose")) or written())["services"]


def test_the_file_is_as_the_compose_specification_says():
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*checker, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_services(services):
    assert set(services) == {"db", "redis", *OURS}


def test_only_app_brings_the_schema_up(services):
    migrate = {name: services[name]["environment"]["AUTO_MIGRATE"] for name in OURS}
    assert migrate.pop("app") in ("true", "${AUTO_MIGRATE:-true}")
    assert migrate == {"worker": "false", "engine-worker": "false", "beat": "false"}


def test_all_share_database_broker_and_recordings(services):
    for name in OURS:
        environment = services[name]["environment"]
        assert environment["DB_HOST"] == "db"
        assert environment["REDIS_URL"].startswith("redis://redis:")
        assert environment["DB_NAME"] == services["db"]["environment"]["POSTGRES_DB"]
        assert environment["DB_PASSWORD"] == services["db"]["environment"]["POSTGRES_PASSWORD"]
    volumes = written()["services"]
    assert {tuple(volumes[name]["volumes"]) for name in OURS} == {("media:/data",)}
    assert {"media", "postgres_data"} == set(written()["volumes"])


def test_order_of_starting(services):
    waits = {
        name: {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        for name in OURS
    }
    healthy = "service_healthy"
    assert waits["app"] == {"db": healthy, "redis": healthy}
    assert waits["worker"] == waits["engine-worker"] == waits["beat"] == {"app": healthy}
    assert "test" in services["db"]["healthcheck"]
    assert "test" in services["redis"]["healthcheck"]


@pytest.mark.parametrize(
    ("name", "queue", "pool"),
    [("worker", "media", "prefork"), ("engine-worker", "engine", "threads")],
)
def test_workers_can_be_scaled(services, name, queue, pool):
    worker = services[name]
    assert not {"container_name", "ports"} & set(worker)
    command = worker["command"]
    assert command[command.index("-Q") + 1] == queue
    assert command[command.index("-P") + 1] == pool
    assert "-n" not in command  # the default name has the container's in it


def test_one_scheduler(services):
    schedulers = [name for name in OURS if "beat" in (services[name].get("command") or [])]
    assert schedulers == ["beat"]


def test_no_secrets_in_the_files():
    for name in ("docker-compose.yml", "Dockerfile", "docker-entrypoint.sh"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for value in re.findall(r"(?:PASSWORD|SECRET_KEY|API_KEY)\w*[:=] *(\S+)", text):
            assert value.startswith("${") or value == "unused", f"{name}: {value}"
    assert ".env" not in (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"


def test_image():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"FROM python:3\.1[123]-slim", lines[0])
    assert "USER verbatim" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert (ROOT / "docker-entrypoint.sh").stat().st_mode & 0o111


def test_locks_name_no_index():
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")
