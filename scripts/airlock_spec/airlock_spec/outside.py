"""Services outside AWS that Airflow's providers and common libraries talk to, by the hosts they call."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

# Beginning of a module's name → the host of what it calls. The longest beginning counts; "" says: nothing that is known
# to be outside. What is not named here may be in the VPC (databases, Kafka, SSH, HTTP, Kubernetes, Vault, …): its
# host is the connection's, which no file holds.
PROVIDERS = {
    "airflow.providers.alibaba.": "*.aliyuncs.com",
    "airflow.providers.amazon.aws.hooks.chime": "hooks.chime.aws",
    "airflow.providers.amazon.aws.notifications.chime": "hooks.chime.aws",
    "airflow.providers.anthropic.": "api.anthropic.com",
    "airflow.providers.asana.": "app.asana.com",
    "airflow.providers.atlassian.jira.": "*.atlassian.net",
    "airflow.providers.box.": "api.box.com",
    "airflow.providers.cloudant.": "*.cloudantnosqldb.appdomain.cloud",
    "airflow.providers.cohere.": "api.cohere.com",
    "airflow.providers.databricks.": "*.cloud.databricks.com",
    "airflow.providers.datadog.": "api.datadoghq.com",
    "airflow.providers.dbt.cloud.": "*.getdbt.com",
    "airflow.providers.dingding.": "oapi.dingtalk.com",
    "airflow.providers.discord.": "discord.com",
    "airflow.providers.facebook.": "graph.facebook.com",
    "airflow.providers.github.": "api.github.com",
    "airflow.providers.google.": "*.googleapis.com",
    "airflow.providers.google.common.": "",
    "airflow.providers.google.leveldb.": "",
    "airflow.providers.jira.": "*.atlassian.net",
    "airflow.providers.microsoft.azure.": "management.azure.com",
    "airflow.providers.microsoft.azure.hooks.adx": "*.kusto.windows.net",
    "airflow.providers.microsoft.azure.hooks.asb": "*.servicebus.windows.net",
    "airflow.providers.microsoft.azure.hooks.batch": "*.batch.azure.com",
    "airflow.providers.microsoft.azure.hooks.cosmos": "*.documents.azure.com",
    "airflow.providers.microsoft.azure.hooks.data_lake": "*.dfs.core.windows.net",
    "airflow.providers.microsoft.azure.hooks.fileshare": "*.file.core.windows.net",
    "airflow.providers.microsoft.azure.hooks.msgraph": "graph.microsoft.com",
    "airflow.providers.microsoft.azure.hooks.powerbi": "api.powerbi.com",
    "airflow.providers.microsoft.azure.hooks.synapse": "*.azuresynapse.net",
    "airflow.providers.microsoft.azure.hooks.wasb": "*.blob.core.windows.net",
    "airflow.providers.microsoft.azure.operators.adx": "*.kusto.windows.net",
    "airflow.providers.microsoft.azure.operators.asb": "*.servicebus.windows.net",
    "airflow.providers.microsoft.azure.operators.batch": "*.batch.azure.com",
    "airflow.providers.microsoft.azure.operators.cosmos": "*.documents.azure.com",
    "airflow.providers.microsoft.azure.operators.msgraph": "graph.microsoft.com",
    "airflow.providers.microsoft.azure.operators.powerbi": "api.powerbi.com",
    "airflow.providers.microsoft.azure.operators.synapse": "*.azuresynapse.net",
    "airflow.providers.microsoft.azure.operators.wasb": "*.blob.core.windows.net",
    "airflow.providers.microsoft.azure.sensors.cosmos": "*.documents.azure.com",
    "airflow.providers.microsoft.azure.sensors.msgraph": "graph.microsoft.com",
    "airflow.providers.microsoft.azure.sensors.wasb": "*.blob.core.windows.net",
    "airflow.providers.microsoft.azure.transfers.": "*.core.windows.net",
    "airflow.providers.microsoft.azure.triggers.msgraph": "graph.microsoft.com",
    "airflow.providers.microsoft.azure.triggers.powerbi": "api.powerbi.com",
    "airflow.providers.microsoft.azure.triggers.wasb": "*.blob.core.windows.net",
    "airflow.providers.openai.": "api.openai.com",
    "airflow.providers.opsgenie.": "api.opsgenie.com",
    "airflow.providers.pagerduty.": "api.pagerduty.com",
    "airflow.providers.pinecone.": "*.pinecone.io",
    "airflow.providers.salesforce.": "*.salesforce.com",
    "airflow.providers.segment.": "api.segment.io",
    "airflow.providers.sendgrid.": "api.sendgrid.com",
    "airflow.providers.slack.": "slack.com",
    "airflow.providers.slack.hooks.slack_webhook": "hooks.slack.com",
    "airflow.providers.slack.notifications.slack_webhook": "hooks.slack.com",
    "airflow.providers.slack.operators.slack_webhook": "hooks.slack.com",
    "airflow.providers.slack.transfers.sql_to_slack_webhook": "hooks.slack.com",
    "airflow.providers.snowflake.": "*.snowflakecomputing.com",
    "airflow.providers.tableau.": "*.online.tableau.com",
    "airflow.providers.telegram.": "api.telegram.org",
    "airflow.providers.yandex.": "*.api.cloud.yandex.net",
    "airflow.providers.zendesk.": "*.zendesk.com",
    "airflow_provider_census.": "app.getcensus.com",
    "airflow_provider_hightouch.": "api.hightouch.com",
    "fivetran_provider_async.": "api.fivetran.com",
}

# What code of tasks constructs or calls, as a shell pattern of its dotted name → the host.
LIBRARIES = {
    "anthropic.*Anthropic": "api.anthropic.com",
    "azure.storage.blob.*Client": "*.blob.core.windows.net",
    "databricks.sdk.*Client": "*.cloud.databricks.com",
    "github.*Github": "api.github.com",
    "google.cloud.*Client": "*.googleapis.com",
    "googleapiclient.discovery.build": "*.googleapis.com",
    "huggingface_hub.*download": "huggingface.co",
    "openai.*OpenAI": "api.openai.com",
    "pypd.*": "api.pagerduty.com",
    "sendgrid.*SendGridAPIClient": "api.sendgrid.com",
    "simple_salesforce.*Salesforce": "*.salesforce.com",
    "slack_sdk.*WebClient": "slack.com",
    "slack_sdk.*WebhookClient": "hooks.slack.com",
    "snowflake.connector.*onnect": "*.snowflakecomputing.com",
    "twilio.rest.*Client": "api.twilio.com",
}

# Type of a connection → the host, where the connection names none.
CONNECTIONS = {
    "adx": "*.kusto.windows.net",
    "asana": "app.asana.com",
    "azure": "management.azure.com",
    "azure_cosmos": "*.documents.azure.com",
    "azure_data_factory": "management.azure.com",
    "cloudant": "*.cloudantnosqldb.appdomain.cloud",
    "cohere": "api.cohere.com",
    "databricks": "*.cloud.databricks.com",
    "datadog": "api.datadoghq.com",
    "dbt_cloud": "*.getdbt.com",
    "dingding": "oapi.dingtalk.com",
    "discord": "discord.com",
    "facebook_social": "graph.facebook.com",
    "fivetran": "api.fivetran.com",
    "github": "api.github.com",
    "google_cloud_platform": "*.googleapis.com",
    "jira": "*.atlassian.net",
    "msgraph": "graph.microsoft.com",
    "openai": "api.openai.com",
    "opsgenie": "api.opsgenie.com",
    "pagerduty": "api.pagerduty.com",
    "pinecone": "*.pinecone.io",
    "salesforce": "*.salesforce.com",
    "sendgrid": "api.sendgrid.com",
    "slack": "slack.com",
    "slackwebhook": "hooks.slack.com",
    "snowflake": "*.snowflakecomputing.com",
    "tableau": "*.online.tableau.com",
    "telegram": "api.telegram.org",
    "wasb": "*.blob.core.windows.net",
    "yandexcloud": "*.api.cloud.yandex.net",
    "zendesk": "*.zendesk.com",
}

_PRIVATE_SUFFIXES = (
    *(".internal", ".local", ".localdomain", ".lan", ".corp", ".home", ".intranet", ".private", ".arpa"),
    *(".test", ".example", ".invalid", ".localhost", ".svc", ".cluster.local"),
    ".amazonaws.com",  # databases, clusters and brokers in the VPC have such names; services are the other table's
    *(".amazonaws.com.cn", ".api.aws", ".on.aws"),
)


def host_of_module(module: str) -> str:
    """Return the host that a provider's module calls, by its full name; "" where it is not known to be outside."""
    begin = max((begin for begin in PROVIDERS if f"{module}.".startswith(begin)), key=len, default="")
    return PROVIDERS[begin] if begin else ""


def host_of_library(name: str) -> str:
    """Return the host that calling this class or function of a library leads to, by its dotted name, or ""."""
    return next((host for pattern, host in LIBRARIES.items() if fnmatchcase(name, pattern)), "")


def public_host(url: str) -> str:
    """Return the host of an absolute URL of HTTP where it is a public one, or "": a template's is not known."""
    if not url.lower().startswith(("http://", "https://")):
        return ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host if is_public(host) else ""


def is_public(host: str) -> bool:
    """Tell whether a name or an address is of the Internet, as far as it shows."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    name = f".{host.lower().rstrip('.')}"
    plain = "." in name[1:] and not set(name) - set(".-_abcdefghijklmnopqrstuvwxyz0123456789")
    return plain and not name.endswith(_PRIVATE_SUFFIXES)


def allowed(host: str, patterns: Sequence[str]) -> bool:
    """Tell whether a host that is needed is among those that can be reached, given as shell patterns.

    A need may be a pattern itself (`*.snowflakecomputing.com`): any host within it that can be reached may be the one.
    """
    return any(
        fnmatchcase(host, one) or (host.startswith("*.") and fnmatchcase(one, host)) for one in patterns
    )
