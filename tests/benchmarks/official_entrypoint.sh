#!/usr/bin/env bash
# What the official image's entrypoint does before a service starts, in words of our own: it starts Airflow to see
# whether the database answers, twice more for the broker, and goes on after a migration that failed. Its checks of
# the broker start Python four times; here once. Left out: users, installing at start, LD_PRELOAD, which cost more.
set -euo pipefail
umask 0002
attempts=${CONNECTION_CHECK_MAX_COUNT:-20}
pause=${CONNECTION_CHECK_SLEEP_TIME:-3}

until_it_works() {
    local left=$attempts
    until "$@" >/tmp/said 2>&1; do
        left=$((left - 1))
        if [ "$left" -eq 0 ]; then
            cat /tmp/said >&2
            exit 1
        fi
        sleep "$pause"
    done
}

answers() { exec 3<>"/dev/tcp/$1/$2"; }

if [ "$attempts" -gt 0 ]; then
    until_it_works airflow db check
fi
if [ -n "${_AIRFLOW_DB_MIGRATE:-}" ]; then
    airflow db migrate || true
fi
case ${1:-} in
bash | python) exec "$@" ;;
airflow) shift ;;
esac
if [[ ${1:-} =~ ^(scheduler|celery)$ && $attempts -gt 0 ]]; then
    if [ "$(airflow config get-value core executor)" = CeleryExecutor ]; then
        url=$(airflow config get-value celery broker_url)
        place=$(python -c 'import sys, urllib.parse as p; u = p.urlsplit(sys.argv[1]); print(u.hostname, u.port or 6379)' "$url")
        # shellcheck disable=SC2086 # two words
        until_it_works answers $place
    fi
fi
exec airflow "$@"
