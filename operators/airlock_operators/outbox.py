"""An operator that asks an HTTP API outside, by way of S3."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.log import redact

from airlock_operators.links import OutboxRequestsLink
from airlock_operators.object_triggers import OutboxTrigger
from airlock_operators.objects import DeniedError, S3Objects
from airlock_operators.outbox_answer import answer_of, encoded, passed_on, readings
from airlock_operators.outbox_exchange import Draft, Exchange, ExchangeError
from airlock_operators.outbox_verdict import Verdict, judged_by, statuses
from airlock_operators.waiting import delays
from airlock_spec.document import FormatError
from airlock_spec.outbox.body import Body
from airlock_spec.outbox.claim import GRACE
from airlock_spec.outbox.layout import Layout, Origin
from airlock_spec.outbox.request import REPEATABLE, headers_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airflow.sdk import Context

    from airlock_operators.outbox_answer import ApiAnswer
    from airlock_spec.outbox.request import Request
    from airlock_spec.outbox.response import Response

CANCELLING = 10  # seconds in which a task that is ended cancels its request
AFTERWARDS = 60  # seconds after its own time in which a trigger that lives has fired


class OutboxOperator(BaseOperator):
    """Ask an HTTP API outside this network: write a request into a bucket, wait for the response there.

    A function outside makes the call (infra/outbox, docs/outbox.md). The call is made at most once for each
    request, and a retried or restarted task finds the request that it wrote before. `repeatable` says that the
    API does no more when called twice (so it is by itself for GET, HEAD, OPTIONS, PUT and DELETE; say so of a POST
    where the API honours Idempotency-Key): then what may have been called is called again.

        OutboxOperator(
            task_id="order",
            bucket="airlock-lab-outbox",
            method="POST",
            url="https://api.example.com/v1/orders",
            headers={"Authorization": {"secret": "airflow-outside/api-token", "prefix": "Bearer "}},
            body={"day": "{{ ds }}"},
        )

    Templated: `bucket`, `prefix`, `key`, `url`, `method`, `headers`, `body`. A `body` that is no text is sent as
    JSON. A header is a text or names a secret that the function reads; what looks like a credential is refused,
    and so is every value that Airflow masks in logs (passwords of connections, sensitive variables).
    `key` is part of what makes two requests the same: another key asks anew. `accept` are the statuses that are
    results ("2xx"; say ("2xx", 404) where a 404 is one). `call_timeout` is seconds for the call, `deadline`
    seconds in which an answer must be there, after which no call is made. `response_check` may refuse an answer
    that has an accepted status; `response_filter` makes of it what is returned.

    Returns {"status", "headers", "body"}: the body as JSON where it is that, as text, as {"base64", "size",
    "sha256"} where it is neither, and as {"s3", "size", "sha256"} where it is larger than 64 KiB.

    The task waits in the triggerer; with `deferrable=False` it waits in its worker.

    Raises AirflowException where another try may help, AirflowFailException where it would not.
    """

    template_fields: Sequence[str] = ("bucket", "prefix", "key", "url", "method", "headers", "body")
    template_fields_renderers = {"headers": "json", "body": "json"}  # noqa: RUF012 - as Airflow declares it
    operator_extra_links = (OutboxRequestsLink(),)
    ui_color = "#fce5cd"

    def __init__(
        self,
        *,
        bucket: str,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str | Mapping[str, str]] | None = None,
        body: Any = None,
        prefix: str = "",
        key: str = "",
        repeatable: bool | None = None,
        accept: Sequence[int | str] = ("2xx",),
        call_timeout: float = 30.0,
        deadline: float = 300.0,
        max_response: int = 16 << 20,
        response_check: Callable[[ApiAnswer], bool] | None = None,
        response_filter: Callable[[ApiAnswer], Any] | None = None,
        poll_interval: float = 10.0,
        region: str | None = None,
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.url = url
        self.method = method
        self.headers = headers or {}
        self.body = body
        self.prefix = prefix
        self.key = key
        self.repeatable = repeatable
        self.accept = accept
        self.call_timeout = call_timeout
        self.deadline = deadline
        self.max_response = max_response
        self.response_check = response_check
        self.response_filter = response_filter
        self.poll_interval = poll_interval
        self.region = region
        self.deferrable = deferrable
        self._asked: str | None = None
        self._killed = False

    def execute(self, context: Context) -> Any:
        """Write the request, or find it; wait for its response."""
        try:
            exchange, draft = self._exchange(), self._draft(context)
            asked = exchange.ask(draft)
            request, self._asked = asked.request, asked.request.id
            how = "asked" if asked.fresh else "an earlier try asked"
            self.log.info("%s %s %s: request %s", how, draft.method, draft.url.partition("?")[0], request.id)
            if asked.fresh or not exchange.answered(request):
                if self.deferrable and not self._killed:
                    self._defer(request)
                self._wait(exchange, request)
            return self._conclude(exchange, request)
        except (ExchangeError, FormatError, DeniedError, OSError) as error:
            raise failure(error) from error

    def answered(self, context: Context, event: dict[str, Any], name: str) -> Any:  # noqa: ARG002
        """Come back from the trigger."""
        if event["status"] == "denied":
            raise AirflowFailException(event["reason"])
        try:
            exchange = self._exchange()
            return self._conclude(exchange, exchange.request(name))
        except (ExchangeError, DeniedError, OSError) as error:
            raise failure(error) from error

    def on_kill(self) -> None:
        """Cancel the request where it is not being called yet."""
        self._killed = True
        if self._asked is not None:
            # A signal may come while this thread holds a lock of the client: another thread gets it later.
            cancelling = threading.Thread(target=self._cancel, args=(self._asked,), daemon=True)
            cancelling.start()
            cancelling.join(CANCELLING)

    def _cancel(self, name: str) -> None:
        try:
            cancelled = self._exchange().cancel(name)
        except (ExchangeError, DeniedError, OSError) as error:
            self.log.warning("request %s may still be called: %s", name, error)
            return
        how = "cancelled: it was not called and will not be" if cancelled else "being called, or was"
        self.log.info("request %s is %s", name, how)

    def _exchange(self) -> Exchange:
        objects, layout = S3Objects(self.bucket, self.region), Layout(self.prefix)
        by_status = judged_by(statuses(self.accept))
        exchange = Exchange(objects, layout, by_status)
        if self.response_check is None:
            return exchange
        check = self.response_check

        def judge(request: Request, response: Response) -> tuple[Verdict, str]:
            verdict, reason = by_status(request, response)
            if verdict is Verdict.ACCEPTED and not check(answer_of(exchange, response)):
                return Verdict.FAILED, f"the API answered {response.status}, which response_check refuses"
            return verdict, reason

        return Exchange(objects, layout, judge)

    def _draft(self, context: Context) -> Draft:
        method, headers = self.method.upper(), headers_from(self.headers)
        body, kind = encoded(self.body)
        if kind and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = kind
        texts = {"url": self.url, "body": (body or b"").decode(errors="replace")}
        literal = {name: value if isinstance(value, str) else value.prefix for name, value in headers.items()}
        texts |= {f"header {name}": value for name, value in literal.items()}
        if masked := [
            name for name, text in texts.items() if any(redact(one) != one for one in readings(text))
        ]:
            raise AirflowFailException(
                f"{', '.join(masked)}: holds a value that Airflow masks in logs, and would lie in a bucket. Keep it"
                ' where the function outside can read it, and name it: {"secret": "NAME"}'
            )
        task_instance = context["ti"]
        map_index = -1 if task_instance.map_index is None else task_instance.map_index
        return Draft(
            origin=Origin(task_instance.dag_id, task_instance.run_id, task_instance.task_id, map_index),
            key=self.key,
            method=method,
            url=self.url,
            headers=headers,
            body=Body.of(body) if body is not None else None,
            repeatable=method in REPEATABLE if self.repeatable is None else self.repeatable,
            deadline=self.deadline,
            timeout=float(self.call_timeout),
            max_response=self.max_response,
        )

    def _defer(self, request: Request) -> None:
        until = request.deadline.timestamp() + GRACE
        trigger = OutboxTrigger(
            name=request.id,
            prefix=self.prefix,
            bucket=self.bucket,
            until=until,
            longest=self.poll_interval,
            region=self.region,
        )
        timeout = max(until - time.time(), 0) + AFTERWARDS
        self.defer(trigger=trigger, method_name="answered", kwargs={"name": request.id}, timeout=timeout)

    def _wait(self, exchange: Exchange, request: Request) -> None:
        for delay in delays(self.poll_interval):
            left = request.deadline.timestamp() + GRACE - time.time()
            if left <= 0 or self._killed:
                return
            time.sleep(min(delay, left))
            if exchange.answered(request):
                return

    def _conclude(self, exchange: Exchange, request: Request) -> Any:
        if self._killed:
            raise AirflowException("the task was told to end")
        response = exchange.conclude(request)
        seconds = (datetime.now(UTC) - request.created).total_seconds()
        self.log.info("request %s was answered %s after %.1f s", request.id, response.status, seconds)
        answer = answer_of(exchange, response)
        if self.response_filter is not None:
            return self.response_filter(answer)
        return {
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": passed_on(response, self.bucket),
        }


def failure(error: Exception) -> AirflowException:
    """Return the exception by which Airflow tries the task again, or does not."""
    again = error.again if isinstance(error, ExchangeError) else isinstance(error, OSError)
    return AirflowException(str(error)) if again else AirflowFailException(str(error))
