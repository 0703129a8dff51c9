"""The command line: ``asgi-conformance --server "uvicorn <app>"``.

Only what every call needs is imported here, so that ``--help`` and mistakes are answered at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from asgi_conformance import __version__
from asgi_conformance.errors import ConformanceError
from asgi_conformance.sampling import Sampling

_EPILOG = """\b
Examples:
  asgi-conformance --server "uvicorn <app>"
  asgi-conformance --server "/other/venv/bin/hypercorn -k trio <app>" --suite http
  asgi-conformance --server "python -m myserver <app> <host> <port>" --select "http.scope.*"
  asgi-conformance list --suite http --level must
  asgi-conformance explain http.scope.client.shape

\b
Exit status: 0 nothing failed that was expected to pass; 1 something did; 2 usage; 3 the server could
not be run; 4 the suite is at fault; 130 interrupted.
"""

_selecting = [
    click.option("--select", multiple=True, metavar="GLOB", help="Only cases that match; a requirement's id means all its cases. Repeatable."),
    click.option("--deselect", multiple=True, metavar="GLOB", help="No cases that match. Repeatable."),
    click.option("--suite", multiple=True, metavar="NAME", help="Only cases of this suite. Repeatable."),
    click.option("--level", multiple=True, type=click.Choice(["must", "should", "may"]), help="Only requirements of this level. Repeatable."),
]  # fmt: skip


_REPORT = click.option("--report", "reports", multiple=True, metavar="FORMAT=PATH", help="Write another report: badge, github, html, junit, markdown, sarif, site, terminal, or one of another distribution. Repeatable.")  # fmt: skip


def _selection(command: Any) -> Any:
    for option in reversed(_selecting):
        command = option(command)
    return command


def _variables(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    variables = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{one!r} is not of the form NAME=VALUE")
        variables[name] = value
    return variables


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="asgi-conformance")
@click.option("--server", multiple=True, metavar="COMMAND", help="The command that starts the server, with <app> where the application goes. Repeatable. Without it the reference server is tested.")  # fmt: skip
@click.option("--middleware", metavar="MODULE:FACTORY", help="Wrap the application with a middleware of the server's environment, and judge what it does.")  # fmt: skip
@click.option("--variant", metavar="NAME", help="A name for how the server is configured, for reports.")
@_selection
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as JSON.")
@click.option("--junit", "junit_path", type=click.Path(path_type=Path), metavar="FILE", help="Write a JUnit report.")
@click.option("--html", "html_path", type=click.Path(path_type=Path), metavar="PATH", help="Write a page (FILE.html), or a site into a folder.")  # fmt: skip
@click.option("--markdown", "markdown_path", type=click.Path(path_type=Path), metavar="FILE", help="Write a summary in Markdown, for a CI job.")  # fmt: skip
@_REPORT
@click.option("--github", is_flag=True, help="Print annotations for a GitHub workflow.")
@click.option("--baseline", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="What is known to fail (TOML): only news is red.")  # fmt: skip
@click.option("--update-baseline", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a baseline that knows what fails now.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, 256), default=16, show_default=True, metavar="N", help="How many cases use one server process at a time.")  # fmt: skip
@click.option("--examples", type=click.IntRange(1, 1_000_000), default=Sampling.examples, show_default=True, metavar="N", help="How many examples each property is tried with.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=Sampling.seed, show_default=True, metavar="N", help="What these are drawn from: the same seed, the same examples.")  # fmt: skip
@click.option("--timeout-scale", type=click.FloatRange(0.1, 100), default=1.0, show_default=True, metavar="X", help="Stretch every wait, for slow machines.")  # fmt: skip
@click.option("--env", "environment", multiple=True, callback=_variables, metavar="K=V", help="A variable for the server's environment. Repeatable.")  # fmt: skip
@click.option("--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR", help="The server's working directory.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 1000), default=1, metavar="N", help="Run N times and tell which verdicts changed.")  # fmt: skip
@click.option("-q", "--quiet", count=True, help="Say less: only what failed.")
@click.option("-v", "--verbose", count=True, help="Say more: -v every case that is no pass, -vv passes too.")
@click.pass_context
def cli(context: click.Context, /, **options: Any) -> None:
    """Tell what an ASGI server does right and wrong, by the ASGI documents."""
    context.obj = options
    if context.invoked_subcommand is None:
        from asgi_conformance.commands.run import run_servers

        context.exit(run_servers(options))
    _refuse_stray_options(context)


def _refuse_stray_options(context: click.Context) -> None:
    given = [
        name for name in context.params if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        option = next(one.opts[0] for one in context.command.params if one.name == given[0])
        raise click.UsageError(
            f"{option} stands before {context.invoked_subcommand!r} and belongs behind it, or not to it."
        )


@cli.command("list")
@_selection
@click.option(
    "--requirements", is_flag=True, help="List requirements, also those without a case, and why they have none."
)
def list_command(**options: Any) -> None:
    """List the cases, with levels and citations."""
    from asgi_conformance.commands.listing import list_cases, list_requirements

    click.echo(list_requirements(options) if options.pop("requirements") else list_cases(options))


@cli.command()
@click.argument("identifier", metavar="ID")
def explain(identifier: str) -> None:
    """Explain a requirement or a case: its words, its section, what is tried, what a fair server may do."""
    from asgi_conformance.commands.listing import explain as explanation

    click.echo(explanation(identifier))


@cli.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--html", "html_path", type=click.Path(path_type=Path), metavar="PATH", help="A page (FILE.html), or a site into a folder.")  # fmt: skip
@click.option("--junit", "junit_path", type=click.Path(path_type=Path), metavar="FILE", help="A JUnit report.")
@click.option("--markdown", "markdown_path", type=click.Path(path_type=Path), metavar="FILE", help="A summary in Markdown.")  # fmt: skip
@_REPORT
@click.pass_context
def report(context: click.Context, /, runs: tuple[Path, ...], **options: Any) -> None:
    """Make reports of finished runs (JSON files, or HTML reports, which hold their results)."""
    from asgi_conformance.commands.reports import make_reports

    context.exit(make_reports(runs, options))


@cli.command()
@click.argument("earlier", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("later", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def compare(context: click.Context, earlier: Path, later: Path) -> None:
    """Show what changed between two runs, and whether the server or the suite did."""
    from asgi_conformance.commands.reports import compare as compare_runs

    context.exit(compare_runs(earlier, later))


@cli.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file to write.")  # fmt: skip
@click.pass_context
def merge(context: click.Context, runs: tuple[Path, ...], output: Path) -> None:
    """Join runs of shards or machines into one file."""
    from asgi_conformance.commands.reports import join

    context.exit(join(runs, output))


@cli.command()
@click.argument("given", nargs=-1, required=True, metavar="[REPORT] CASE")
@click.option("--server", metavar="COMMAND", help="The server, with <app> where the application goes; a report knows it.")  # fmt: skip
@click.option("--env", "environment", multiple=True, callback=_variables, metavar="K=V", help="A variable for the server's environment. Repeatable.")  # fmt: skip
@click.option("--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR", help="The server's working directory.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The file to write (otherwise named after the case).")  # fmt: skip
def repro(given: tuple[str, ...], **options: Any) -> None:
    """Write a Python file that shows a failed case without this suite: an application and a client, for a bug report."""
    from asgi_conformance.commands.repro import write

    if len(given) > 2:
        raise click.UsageError("Give the id of one case, or a report and the id of one case.")
    click.echo(write(given, options))


@cli.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def serve(context: click.Context, /, arguments: tuple[str, ...]) -> None:
    """Serve module:attribute with the reference server, on loopback: for tests and examples only."""
    from asgi_conformance.reference_server.__main__ import main as serve_application

    context.exit(serve_application(list(arguments)))


@cli.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Show that verdicts can be trusted on this machine: right servers pass, wrong ones are caught, clocks are sane."""
    from asgi_conformance.commands.doctor import examine

    context.exit(examine(click.echo))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status."""
    try:
        status = cli.main(arguments, prog_name="asgi-conformance", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        status = 130
    except ConformanceError as error:
        click.echo(f"asgi-conformance: {error}", err=True)
        status = error.exit_code
    except BrokenPipeError:
        # Whoever read the output has gone; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status or 0)
