from __future__ import annotations

import json

import pytest

from airlock_outbox.policy import Policy, PolicyError, host_of
from outside_fakes import POLICY
from requests_made import a_request


@pytest.fixture
def policy() -> Policy:
    return Policy.from_json(POLICY)


def test_what_is_allowed_is_not_refused(policy: Policy) -> None:
    assert policy.refusal(a_request()) is None
    assert policy.url_refusal("GET", "https://api.example.com:443/v1/") is None
    assert policy.url_refusal("GET", "https://API.EXAMPLE.com/v1/a..b/%20") is None
    assert policy.url_refusal("GET", "http://plain.example.com:8080") is None


@pytest.mark.parametrize(
    ("method", "url", "reason"),
    [
        ("GET", "https://other.example.com/v1/", "host other.example.com is not in the policy"),
        ("GET", "https://example.com/v1/", "host example.com is not in the policy"),
        ("GET", "https://api.example.com.evil.example/v1/", "is not in the policy"),
        ("GET", "https://api.example.com./v1/", "is not in the policy"),
        ("GET", "https://api.example.com:8443/v1/", "host api.example.com:8443 is not in the policy"),
        ("GET", "http://api.example.com:443/v1/", "host api.example.com:443 is not in the policy"),
        ("GET", "https://169.254.169.254/latest", "is not in the policy"),
        ("GET", "http://api.example.com/v1/", "may only be called by https"),
        ("DELETE", "https://api.example.com/v1/", "method DELETE is not allowed"),
        ("GET", "https://api.example.com/v2/", "only below /v1/"),
        ("GET", "https://api.example.com", "only below /v1/"),
        ("GET", "https://api.example.com/v1/../v2/", "a . or .. in it"),
        ("GET", "https://api.example.com/v1/%2e%2e/v2/", "a . or .. in it"),
        ("GET", "https://api.example.com/v1/..%2fv2/", "a . or .. in it"),
        ("GET", "https://api.example.com/v1/..%5cv2/", "a . or .. in it"),
        ("GET", "https://api.example.com/v1/..;/v2/", "a . or .. in it"),
        ("GET", "https://api.example.com/v1/%2e.;a=b/v2/", "a . or .. in it"),
        ("GET", "https://api.example.com/v1/%252e%252e/v2/", "a . or .. in it"),
    ],
)
def test_anything_else_is_refused(policy: Policy, method: str, url: str, reason: str) -> None:
    assert reason in (policy.url_refusal(method, url) or "")


def test_a_secret_goes_only_where_the_policy_says(policy: Policy) -> None:
    plain = a_request(method="GET", url="http://plain.example.com:8080/", body=None)

    assert policy.refusal(plain) == (
        "secret airflow-outside/api-token (header Authorization) may not be sent to plain.example.com:8080"
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.example/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:80/", "a.example"),
        ("http://a.example:443/", "a.example:443"),
        ("https://[::1]:8443/", "[::1]:8443"),
    ],
)
def test_a_host_has_one_name(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be JSON"),
        ("[]", 'must be {"hosts"'),
        ('{"hosts": {}, "host": {}}', 'must be {"hosts"'),
        ('{"hosts": {"a": {}}}', "methods of a must not be empty"),
        ('{"hosts": {"a": {"methods": "GET"}}}', "methods of a must be a list of strings"),
        ('{"hosts": {"a": {"methods": ["GET"], "path": []}}}', "and nothing else"),
        ('{"hosts": {"a": {"methods": ["get"]}}}', "unknown methods: get"),
        ('{"hosts": {"a": {"methods": ["GET"], "paths": ["v1"]}}}', "must begin with a slash"),
        ('{"hosts": {"a": {"methods": ["GET"], "paths": []}}}', "paths of a must not be empty"),
        ('{"hosts": {"a": {"methods": ["GET"], "plain": "yes"}}}', "plain of a must be true or false"),
        ('{"hosts": {"a": {}, "b": 3}}', "a must not be empty; b must have methods"),
    ],
)
def test_a_policy_that_cannot_be_read_says_all_that_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Policy.from_json(text)


def test_without_hosts_nobody_is_called() -> None:
    policy = Policy.from_json(json.dumps({"hosts": {}}))

    assert policy.refusal(a_request()) == "host api.example.com is not in the policy"
