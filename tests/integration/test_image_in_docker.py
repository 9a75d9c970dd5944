"""The composed image in a real Docker Engine: no network, a read-only root, any uid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airlock_runtime.command import AIRFLOW as AIRFLOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from containers import Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

AIRFLOW = "3.3.2"
SECONDS_TO_HEALTH = "120"
DAGS = {
    "ask_outside": ["ask", "use"],
    "copy_objects": ["list_objects", "copy", "count"],
    "image_report": ["report"],
    "preflight": ["endpoints"],
    "secret_connection": ["sign"],
    "wait_for_object": ["wait", "say"],
}
USERS = pytest.mark.parametrize("user", [(), ("--user", "12345:0")], ids=["default-user", "any-uid"])
WHO = "import getpass, os; print(os.getuid(), os.getgid(), getpass.getuser(), os.path.expanduser('~'))"


@USERS
def test_airflow_answers_its_version(image: Image, user: Sequence[str]) -> None:
    assert image.with_options(*user).text("version").splitlines()[-1] == AIRFLOW


def test_the_default_user_is_the_official_images(image: Image) -> None:
    assert image.text("python", "-c", WHO) == "50000 0 airflow /home/airflow"


def test_any_uid_has_a_name_and_a_home(image: Image) -> None:
    assert image.with_options("--user", "12345:0").text("python", "-c", WHO) == "12345 0 airflow /opt/airflow"


def test_dumb_init_is_the_first_process(image: Image) -> None:
    assert image.text("cat", "/proc/1/comm") == "dumb-init"


def test_programs_run_as_they_are_and_keep_their_exit_code(image: Image) -> None:
    done = image.engine.run(
        *("run", "--rm", *image.options, image.reference, "bash", "-c", "umask; exit 42"), check=False
    )

    assert (done.returncode, done.stdout) == (42, b"0002\n")


def test_the_entrypoint_knows_every_airflow_command_that_a_program_is_named_like(image: Image) -> None:
    found = image.inside("shadowed.py")

    assert "api-server" in found["commands"]
    assert set(found["programs"]) - AIRFLOWS == set()


def test_every_requirement_of_every_distribution_is_met(image: Image) -> None:
    found = image.inside("dependencies.py")

    print(f"{found['distributions']} distributions")  # noqa: T201 - shown with -s or where it fails
    assert (found["unmet"], found["twice"]) == ([], [])
    assert found["distributions"] > 200


def test_every_module_of_every_provider_imports(image: Image) -> None:
    found = image.inside("import_providers.py")

    print(f"{found['imported']} modules of {found['providers']} providers import;")  # noqa: T201
    print(f"{len(found['optional'])} ask for extras that the lock leaves out:", *found["optional"])  # noqa: T201
    assert not found["failed"], "\n".join(f"{name}: {why}" for name, why in found["failed"].items())
    assert found["imported"] > 500
    assert found["providers"] > 20


def test_the_dags_parse_and_serialize(image: Image, dags_volume: Sequence[str]) -> None:
    found = image.with_options(*dags_volume).inside("parse_dags.py", "/opt/airflow/dags")

    assert found == {"files": len(DAGS), "dags": DAGS, "errors": {}}


def test_the_operators_and_plugins_are_installed(image: Image) -> None:
    code = "import airlock_operators.preflight, airlock_plugins.plugin, airlock_spec.identity; print('yes')"

    assert image.text("python", "-c", code).splitlines()[-1] == "yes"


def test_the_macro_tells_the_image(image: Image) -> None:
    found = image.inside("render_macro.py")

    assert found["rendered"]["airflow"] == AIRFLOW
    assert found["rendered"]["python"] == found["running"]["python"]
    assert found["rendered"]["whole"].startswith(f"airflow {AIRFLOW}, python ")


def test_the_preflight_operator_tells_what_holds_from_what_does_not(image: Image) -> None:
    found = image.inside("preflight.py")

    assert found["address"] == "127.0.0.1"
    assert found["name"] in {"127.0.0.1", "::1"}
    assert found["refused"].startswith("4 of 5 endpoints do not hold:\n")
    assert "127.0.0.1 port 1: Connection refused" in found["refused"]
    assert "resolves to public 192.0.2.1" in found["refused"]
    assert "no-such-host.invalid: does not resolve" in found["refused"]
    assert found["unknown"].startswith("services: s4 not known; there are ecr.api, ")
    assert found["asking"] == "which region and account? Give the operator its region and account"
    # What the image is set up with by default is what it needs.
    assert "secretsmanager.us-east-1.amazonaws.com (secrets from Secrets Manager: " in found["configured"]


def test_the_operators_are_a_provider_with_all_that_it_has(image: Image) -> None:
    found = json.loads(
        image.text("airflow", "providers", "get", "airlock-operators", "--full", "-o", "json")
    )[0]

    assert found["description"].startswith("Operators for a network with no way out")
    for kind in ("operators", "sensors", "triggers"):
        assert "airlock_operators." in str(found[kind])
    assert "OutboxRequestsLink" in str(found["extra-links"])


@USERS
def test_the_database_migrates(image: Image, user: Sequence[str]) -> None:
    migrated = image.with_options(*user).text("bash", "-c", "airflow db migrate >&2 && airflow db check 2>&1")

    assert "Connection successful" in migrated


@USERS
def test_standalone_gets_healthy_and_runs_a_dag(
    image: Image, dags_volume: Sequence[str], user: Sequence[str]
) -> None:
    with image.with_options(*user, *dags_volume).start("standalone") as container:
        health = container.inside("healthy.py", SECONDS_TO_HEALTH)
        assert health["healthy"], f"{health}\n{container.logs()}"
        print(f"healthy after {health['seconds']} s")  # noqa: T201

        # Health is not enough: without a shared secret all are healthy and every task fails.
        run = container.inside("run_dag.py", "image_report")
        assert run["state"] == "success", f"{run}\n{container.logs()}"
        assert run["values"]["report"].startswith(f"airflow {AIRFLOW}, python ")
