"""Templates of tasks: those that do not compile, and files of templates that are not there."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, nodes

from airlock_spec.check.facts import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_probe.observing import Observer

_DEPTH = 8
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_good = {""}  # expressions of texts that were found good: most DAGs have the same few
_MARKS = ("{{", "{%", "{#")


def check(dag: Any, observer: Observer) -> list[Problem]:
    """Describe what is wrong with the templates of a DAG that is bagged: files of templates are read by then."""
    environment = functools.cache(dag.get_template_env)
    own = bool(
        dag.user_defined_filters or dag.jinja_environment_kwargs
    )  # what is good in one may not be in another
    found = []
    for task in dag.tasks:
        extensions = tuple(task.template_ext or ())
        for name, value in _fields(task):
            for text in _texts(value):
                known = None if own else _expressions(text, extensions)
                if known in _good:
                    continue
                problem = _problem(text, extensions, environment)
                if problem is None and known:
                    _good.add(known)
                if problem is not None:
                    kind, message = problem
                    message = f"{name} of task {task.task_id}: {message}"
                    found.append(
                        Problem(kind, message, observer.place_of(task), "", dag.dag_id, task.task_id)
                    )
    return found


def _expressions(text: str, extensions: tuple[str, ...]) -> str | None:
    """Return a text's expressions without what stands between them; None for more than a text with expressions."""
    if (extensions and text.endswith(extensions)) or "{%" in text:
        return None
    rest, found = _EXPRESSION.sub("", text), "".join(_EXPRESSION.findall(text))
    return None if any(mark in rest for mark in _MARKS) else found


def _problem(text: str, extensions: tuple[str, ...], environment: Any) -> tuple[Kind, str] | None:
    """Say what is wrong with one text: a template, or the name of a file of one, as Airflow tells them apart."""
    try:
        if extensions and text.endswith(extensions) and "\n" not in text:
            text = environment().loader.get_source(environment(), text)[0]
        if any(mark in text for mark in _MARKS):
            tree = environment().parse(text)
            for name in _included(tree) if "{%" in text else ():
                environment().loader.get_source(environment(), name)
            return _unknown(tree, environment())
    except TemplateNotFound as error:
        return Kind.TEMPLATE_FILE, f"there is no template file {error.name}"
    except TemplateSyntaxError as error:
        return Kind.TEMPLATE, f"{error.message} (line {error.lineno} of the template)"
    except (TemplateError, UnicodeDecodeError) as error:
        return Kind.TEMPLATE, str(error)
    return None


def _unknown(tree: nodes.Template, environment: Any) -> tuple[Kind, str] | None:
    """Say which filter or test there is none of; to compile the template would find it, too, in thrice the time."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        kind, known = (
            ("filter", environment.filters) if isinstance(node, nodes.Filter) else ("test", environment.tests)
        )
        if node.name not in known:
            return Kind.TEMPLATE, f"there is no {kind} {node.name} (line {node.lineno} of the template)"
    return None


def _included(template: nodes.Template) -> Iterator[str]:
    """Yield the names of other templates that one cannot do without, as far as they are written in it."""
    for node in template.find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)):
        name = getattr(node, "template", None)
        if isinstance(name, nodes.Const) and not getattr(node, "ignore_missing", False):
            yield str(name.value)


def _fields(task: Any) -> Iterator[tuple[str, Any]]:
    given = getattr(task, "partial_kwargs", None)
    for name in task.template_fields or ():
        value = given.get(name) if given is not None else getattr(task, name, None)
        if value is not None:
            yield name, value


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < _DEPTH:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list | tuple | set):
            for item in value:
                yield from _texts(item, depth + 1)
