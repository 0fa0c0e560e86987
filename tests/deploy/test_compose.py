"""The container files agree with the settings and with themselves (no container is started here)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().splitlines()
VARIABLES = {f"SLA_{name.upper()}" for name in Settings.model_fields}
OWN = [name for name, service in SERVICES.items() if service.get("build")]


def instructions(word: str) -> list[str]:
    return [line.removeprefix(f"{word} ") for line in DOCKERFILE if line.startswith(f"{word} ")]


def test_every_variable_is_a_setting() -> None:
    used = set(re.findall(r"\bSLA_[A-Z_]+", TEXT + "\n".join(DOCKERFILE)))
    assert len(used) >= 6
    assert used <= VARIABLES


def test_the_values_are_accepted_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN:
        with monkeypatch.context() as patch:
            for variable, value in {"SLA_API_KEY": "sixteen-characters", **SERVICES[name]["environment"]}.items():
                patch.setenv(variable, as_if_unset(value))
            settings = Settings.load()
        assert settings.database_url.startswith("postgresql+psycopg://"), name


def test_the_parts_that_are_ours_are_all_there() -> None:
    assert sorted(OWN) == ["api", "migrate", "worker"]
    assert {SERVICES[name]["command"][0] for name in OWN} == set(OWN)
    assert SERVICES["worker"]["deploy"]["replicas"] >= 2


@pytest.mark.parametrize("name", SERVICES)
def test_everything_waited_for_exists_and_can_be_waited_for(name: str) -> None:
    for target, how in SERVICES[name].get("depends_on", {}).items():
        waited_for = SERVICES[target]
        if how["condition"] == "service_healthy":
            assert waited_for["healthcheck"]["test"], target
        else:
            assert how["condition"] == "service_completed_successfully"
            assert waited_for["restart"].startswith("on-failure"), f"{target} must be able to complete"
            assert "healthcheck" not in waited_for


@pytest.mark.parametrize("name", ["api", "worker"])
def test_the_engine_starts_behind_its_store_and_its_namespace(name: str) -> None:
    assert {"migrate", "temporal-namespace"} <= set(SERVICES[name]["depends_on"])


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += [line.split()[0] for line in instructions("FROM")]
    for image in images:
        _, _, tag = image.partition(":")
        assert re.match(r"\d+\.\d+", tag), image


def test_both_halves_of_temporal_have_one_version() -> None:
    versions = {service["image"] for service in SERVICES.values() if service["image"].startswith("temporalio/admin")}
    server = SERVICES["temporal"]["image"].partition(":")[2]
    assert versions == {f"temporalio/admin-tools:{server}"}


def test_the_process_in_the_image_is_not_root() -> None:
    last_stage = DOCKERFILE[max(i for i, line in enumerate(DOCKERFILE) if line.startswith("FROM ")) :]
    users = [line.split()[1] for line in last_stage if line.startswith("USER ")]
    assert users
    assert users[-1] not in {"root", "0"}


def test_the_image_installs_only_what_is_pinned() -> None:
    installs = [line for line in DOCKERFILE if "pip install" in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation" in line


def test_mounted_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"]


def test_the_image_holds_every_module_that_is_installed() -> None:
    kept = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert {f"{module}.py" for module in tools["py-modules"]} <= kept
    assert {package.removesuffix("*") for package in tools["packages"]["find"]["include"]} <= kept


def as_if_unset(value: str) -> str:
    """The value with `${NAME:-default}` and `${NAME:?message}` replaced as if nothing were set."""
    return re.sub(r"\$\{\w+(?::-([^}]*))?(?::\?[^}]*)?\}", lambda found: found[1] or "", value)
