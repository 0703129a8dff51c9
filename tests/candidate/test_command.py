"""Unit tests of commands: what the user typed, what a launch needs, and the words that come of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asgi_conformance.candidate.address import Endpoint, Workspace
from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.candidate.command import Command, build_command, choose_endpoint, display
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.sources import load_profiles
from asgi_conformance.candidate.template import Template
from asgi_conformance.errors import LaunchImpossible, UsageError

TCP = Endpoint("127.0.0.1", 4000)
UNIX = Endpoint(uds="/run/s.sock")
IDLE = re.compile(r" --(timeout-)?(keep-alive|websocket_connect_timeout) 60\b")


def parse(text: str) -> Template:
    """A template with the profiles that come with the suite."""
    return Template.parse(text, load_profiles(Path("/nowhere")))


def build(
    text: str, launch: Launch | None = None, endpoint: Endpoint = TCP, folder: Path = Path("/nowhere")
) -> Command:
    """The command of a launch, plain unless given."""
    return build_command(parse(text), launch or Launch(), endpoint, Certificates(folder), "asgi_probe")


def words(text: str, launch: Launch | None = None, endpoint: Endpoint = TCP) -> str:
    """The words of that command as one line, without the limits on how long connections may idle or wait."""
    return IDLE.sub("", str(build(text, launch, endpoint)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uvicorn <app>", "uvicorn --host 127.0.0.1 --port 4000 asgi_probe:app"),
        ("hypercorn -k trio <app>", "hypercorn -k trio --bind 127.0.0.1:4000 asgi_probe:app"),
        ("anycorn <app>", "anycorn --bind 127.0.0.1:4000 asgi_probe:app"),
        ("daphne <app>", "daphne --bind 127.0.0.1 --port 4000 asgi_probe:app"),
        ("granian <app>", "granian --interface asgi --host 127.0.0.1 --port 4000 asgi_probe:app"),
        (
            "gunicorn <app>",
            "gunicorn --worker-class asgi --no-control-socket --bind 127.0.0.1:4000 asgi_probe:app",
        ),
        ("fastpysgi <app>", "fastpysgi --host 127.0.0.1 --port 4000 asgi_probe:app"),
        (
            "python -m socketify <app>",
            "python -m socketify asgi_probe:app --interface asgi --host 127.0.0.1 --port 4000",
        ),
        ("python -m tremolo <app>", "python -m tremolo --host 127.0.0.1 --port 4000 asgi_probe:app"),
        ("pyvoy <app>", "pyvoy --websockets --address 127.0.0.1 --port 4000 asgi_probe:app"),
        (
            "caddysnake -a <app>",
            "caddysnake --server-type asgi --workers 1 --listen 127.0.0.1:4000 -a asgi_probe:app",
        ),
        ("aiohttp-asgi <app>", "aiohttp-asgi --address 127.0.0.1 --port 4000 asgi_probe:app"),
    ],
)
def test_a_known_server_needs_nothing_but_app(text: str, expected: str) -> None:
    """The address, and what a server always needs to serve ASGI, are added to the user's own command."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uvicorn <app> --port 80", "uvicorn --host 127.0.0.1 asgi_probe:app --port 80"),
        ("hypercorn -b[::1]:80 <app>", "hypercorn '-b[::1]:80' asgi_probe:app"),
        ("granian --interface asginl <app>", "granian --interface asginl --host 127.0.0.1 --port 4000 asgi_probe:app"),
        (
            "gunicorn -k mine --control-socket=x <app>",
            "gunicorn -k mine --control-socket=x --bind 127.0.0.1:4000 asgi_probe:app",
        ),
        ("caddysnake -w 3 -t asgi -a <app>", "caddysnake -w 3 -t asgi --listen 127.0.0.1:4000 -a asgi_probe:app"),
    ],
)
def test_what_the_user_gave_is_not_given_again(text: str, expected: str) -> None:
    """An option of the user's stays as it is, under whichever of its names, and no other is added beside it."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("launch", "expected"),
    [
        (Launch(root_path="/mount"), "--root-path /mount"),
        (Launch(workers=2), "--workers 2"),
        (Launch(lifespan="on"), "--lifespan on"),
        (Launch(lifespan="off"), "--lifespan off"),
        (Launch(interface="single"), "--interface asgi3"),
        (Launch(interface="legacy"), "--interface asgi2"),
        (Launch(graceful_timeout=3), "--timeout-graceful-shutdown 3"),
    ],
)
def test_a_launch_adds_the_options_of_its_needs(launch: Launch, expected: str) -> None:
    """Each need of a launch is the entry of the profile with its placeholders filled."""
    assert words("uvicorn <app>", launch) == f"uvicorn --host 127.0.0.1 --port 4000 {expected} asgi_probe:app"


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn", "anycorn", "gunicorn"])
def test_connections_may_idle_for_a_minute(server: str) -> None:
    """A server that cases share is given another limit than some seconds, unless the user or a launch chooses one."""
    (limit,) = IDLE.finditer(str(build(f"{server} <app>")))
    option = limit[0].split()[0]
    assert str(build(f"{server} {option} 7 <app>")).count(option) == 1
    assert f"{option} 1" in str(build(f"{server} <app>", Launch(keep_alive=True)))
    assert str(build(f"{server} <app>", Launch(keep_alive=True))).count(option) == 1
    assert option not in str(build(f"{server} <app>", Launch(own=True)))


def test_http2_is_said_where_it_must_be(tmp_path: Path) -> None:
    """HTTP/2 in clear text and by ALPN are told apart where a server does, and need no word where it is always on."""
    clear = words("gunicorn -k asgi <app>", Launch(http2=True))
    assert "--http-protocols h2,h1 --http2-cleartext both" in clear
    encrypted = build("gunicorn -k asgi <app>", Launch(http2=True, tls=True), folder=tmp_path).argv
    assert "--http-protocols" in encrypted
    assert "--http2-cleartext" not in encrypted
    assert words("hypercorn <app>", Launch(http2=True)) == words("hypercorn <app>")


def test_the_application_of_a_launch_is_mounted() -> None:
    """``<app>`` is the attribute that the launch names; a factory is told by an option or written as a call."""
    assert words("uvicorn <app>", Launch(app="bound")).endswith(" asgi_probe:bound")
    assert words("uvicorn <app>", Launch(app="factory")).endswith(" --factory asgi_probe:factory")
    assert words("hypercorn <app>", Launch(app="factory")).endswith(" 'asgi_probe:factory()'")
    assert build("uvicorn --factory <app>").argv[-1] == "asgi_probe:factory"
    assert build("hypercorn '<app>()'").argv[-1] == "asgi_probe:factory()"


def test_tls_files_are_handed_over(tmp_path: Path) -> None:
    """TLS adds certificate, key and, where clients are asked for certificates, the authority."""
    launch = Launch(tls=True, client_certificates=True)
    argv = build("uvicorn <app>", launch, folder=tmp_path).argv
    for option in ("--ssl-certfile", "--ssl-keyfile", "--ssl-ca-certs"):
        assert Path(argv[argv.index(option) + 1]).is_file()


def test_a_listening_option_for_tls_takes_the_place_of_the_plain_one(tmp_path: Path) -> None:
    """daphne is told address and certificates in one endpoint, in which the colons of a host are escaped."""
    argv = build("daphne <app>", Launch(tls=True, ipv6=True), Endpoint("::1", 4000), tmp_path).argv
    assert argv[3] == "--endpoint"
    assert argv[4].startswith(r"ssl:4000:interface=\:\:1:privateKey=")
    assert "--port" not in argv


def test_an_ipv6_host_and_port_are_written_with_brackets() -> None:
    """``host:port`` of an IPv6 address has brackets; a host alone has none."""
    assert words("hypercorn <app>", Launch(ipv6=True), Endpoint("::1", 4000)).split()[2] == "'[::1]:4000'"
    assert words("uvicorn <app>", Launch(ipv6=True), Endpoint("::1", 4000)).split()[2] == "::1"


@pytest.mark.parametrize(
    ("text", "launch", "endpoint", "expected"),
    [
        ("python -m mine <app> <port>", Launch(), TCP, "python -m mine asgi_probe:app 4000"),
        ("mine <app> -b <host>:<port>", Launch(), TCP, "mine asgi_probe:app -b 127.0.0.1:4000"),
        ("mine <app> --on <netloc> --uds <uds>", Launch(), TCP, "mine asgi_probe:app --on 127.0.0.1:4000"),
        ("mine <app> --on <netloc> --uds <uds>", Launch(unix=True), UNIX, "mine asgi_probe:app --uds /run/s.sock"),
        ("mine <app> unix:<uds>", Launch(), UNIX, "mine asgi_probe:app unix:/run/s.sock"),
        ("mine <app> <port> -r <root-path>", Launch(), TCP, "mine asgi_probe:app 4000"),
        ("mine <app> <port> -r <root-path>", Launch(root_path="/x"), TCP, "mine asgi_probe:app 4000 -r /x"),
        ("mine <app> <port> -w <workers>", Launch(), TCP, "mine asgi_probe:app 4000 -w 1"),
        ("mine <app> <port> -w <workers>", Launch(workers=2), TCP, "mine asgi_probe:app 4000 -w 2"),
        ("uvicorn <app> --port <port>", Launch(), TCP, "uvicorn --host 127.0.0.1 asgi_probe:app --port 4000"),
        ("hypercorn <app> -b unix:<uds>", Launch(), TCP, "hypercorn --bind 127.0.0.1:4000 asgi_probe:app"),
        ("hypercorn <app> -b unix:<uds>", Launch(unix=True), UNIX, "hypercorn asgi_probe:app -b unix:/run/s.sock"),
        (
            "hypercorn <app> -b <host>:<port>",
            Launch(unix=True),
            UNIX,
            "hypercorn --bind unix:/run/s.sock asgi_probe:app",
        ),
    ],
)
def test_placeholders_say_where_things_go(text: str, launch: Launch, endpoint: Endpoint, expected: str) -> None:
    """A placeholder without a value in this launch is left out with the option before it."""
    assert words(text, launch, endpoint) == expected


def test_placeholders_of_tls_make_tls_possible(tmp_path: Path) -> None:
    """``<cert>`` and ``<key>`` are there in a TLS launch only."""
    text = "mine <app> <port> --cert <cert> --key <key>"
    assert words(text) == "mine asgi_probe:app 4000"
    assert "--cert" in build(text, Launch(tls=True), folder=tmp_path).argv


@pytest.mark.parametrize(
    ("text", "launch", "reason"),
    [
        ("mine <app> <port>", Launch(tls=True), "no option of mine is known for tls"),
        ("mine <app> <port>", Launch(unix=True), "no option of mine is known for unix"),
        ("mine <app> <port>", Launch(root_path="/x"), "no option of mine is known for root path"),
        ("daphne <app>", Launch(workers=2), "daphne is one process"),
        ("daphne <app>", Launch(http2=True), "daphne speaks HTTP/2 over TLS only"),
        ("daphne -p 80 <app>", Launch(tls=True), "the command has -p 80, where daphne serves no TLS"),
        ("uvicorn <app>", Launch(http2=True), "test it as a variant, by --http zttp --http2 in the command"),
        (
            "gunicorn --http2-cleartext off <app>",
            Launch(http2=True),
            "the command has --http2-cleartext off, and http2 needs --http2-cleartext both",
        ),
        (
            "uvicorn --interface asgi3 <app>",
            Launch(interface="legacy"),
            "the command has --interface asgi3, and legacy needs --interface asgi2",
        ),
        ("uvicorn --lifespan off <app>", Launch(lifespan="on"), "the command has --lifespan off"),
    ],
)
def test_an_impossible_launch_has_a_reason(text: str, launch: Launch, reason: str) -> None:
    """A launch that the server, or the user's own options, do not allow is refused with the reason in words."""
    with pytest.raises(LaunchImpossible) as caught:
        build(text, launch)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("text", "asked", "got"),
    [
        ("uvicorn <app> --root-path /mine", Launch(), Launch(root_path="/mine")),
        ("uvicorn <app> --root-path /mine", Launch(root_path="/other"), Launch(root_path="/mine")),
        ("hypercorn <app> -w4", Launch(), Launch(workers=4)),
        ("hypercorn <app> --workers=4", Launch(workers=2), Launch(workers=4)),
        ("uvicorn <app> --lifespan off", Launch(), Launch(lifespan="off")),
        ("uvicorn <app> --interface asgi3", Launch(), Launch(interface="single")),
        ("uvicorn <app> --http zttp --http2", Launch(), Launch(http2=True)),
        ("uvicorn <app> --timeout-graceful-shutdown 9", Launch(), Launch(graceful_timeout=9)),
        ("uvicorn <app> --uds /run/s.sock", Launch(), Launch(unix=True)),
        ("mine <app> <uds>", Launch(), Launch(unix=True)),
        ("uvicorn <app>", Launch(tls=True, own=True), Launch(tls=True, own=True)),
    ],
)
def test_the_users_options_win(text: str, asked: Launch, got: Launch, tmp_path: Path) -> None:
    """What a launch amounts to, with the user's own options, is told by the command."""
    assert build(text, asked, UNIX if got.unix else TCP, tmp_path).launch == got


def test_a_certificate_of_the_users_is_told(tmp_path: Path) -> None:
    """With TLS options of the user's every launch is TLS, with a certificate that clients cannot check."""
    command = build("uvicorn <app> --ssl-certfile a --ssl-keyfile b", folder=tmp_path)
    assert command.launch.tls
    assert command.own_certificate
    assert not build("uvicorn <app>", Launch(tls=True), folder=tmp_path).own_certificate


@pytest.mark.parametrize(
    ("text", "fixed", "endpoint"),
    [
        ("uvicorn <app>", False, Endpoint("")),
        ("uvicorn <app> --host 0.0.0.0", False, Endpoint("0.0.0.0")),
        ("uvicorn <app> --port 8000", True, Endpoint("", 8000)),
        ("uvicorn <app> --uds /run/s.sock", True, Endpoint("", uds="/run/s.sock")),
        ("hypercorn --bind=[::1]:8000 <app>", True, Endpoint("::1", 8000)),
        ("hypercorn -b localhost <app>", False, Endpoint("localhost")),
        ("gunicorn -b unix:/run/s.sock <app>", True, Endpoint("", uds="/run/s.sock")),
        ("daphne -e ssl:8000:interface=127.0.0.1:privateKey=k:certKey=c <app>", True, Endpoint("127.0.0.1", 8000)),
        ("mine <app> <port>", False, Endpoint("")),
    ],
)
def test_an_address_in_the_command_is_found(text: str, fixed: bool, endpoint: Endpoint) -> None:
    """The parts of the address that the user chose are read back from their options."""
    template = parse(text)
    assert template.fixed_address is fixed
    assert template.fixed == endpoint


def test_a_free_address_is_chosen_where_none_is_fixed(workspace: Workspace) -> None:
    """Host and port are the suite's, except for the part that the user fixed."""
    assert choose_endpoint(parse("uvicorn <app>"), Launch(), workspace).host == "127.0.0.1"
    assert choose_endpoint(parse("uvicorn <app>"), Launch(), workspace).port > 0
    assert choose_endpoint(parse("uvicorn <app>"), Launch(ipv6=True), workspace).host == "::1"
    assert choose_endpoint(parse("uvicorn <app>"), Launch(unix=True), workspace).uds
    assert choose_endpoint(parse("uvicorn <app> --port 81"), Launch(), workspace) == Endpoint("127.0.0.1", 81)
    assert choose_endpoint(parse("uvicorn <app> --host 0.0.0.0"), Launch(), workspace).reachable_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "launch"),
    [
        ("uvicorn <app> --port 8000", Launch(unix=True)),
        ("uvicorn <app> --host 127.0.0.1", Launch(ipv6=True)),
        ("uvicorn <app> --uds /run/s.sock", Launch(ipv6=True)),
        ("mine <app> <port>", Launch(ipv6=True)),
    ],
)
def test_a_fixed_address_leaves_no_room_for_another_kind(text: str, launch: Launch, workspace: Workspace) -> None:
    """A launch on another kind of address than the user fixed is impossible."""
    with pytest.raises(LaunchImpossible):
        choose_endpoint(parse(text), launch, workspace)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uvicorn main:app", "The command 'uvicorn main:app' has no <app>."),
        ("", "The command is empty."),
        ("uvicorn '<app>", "cannot be read: No closing quotation."),
        ("mine <app> <prot>", "<prot> in 'mine <app> <prot>' means nothing."),
        ("mine <app>", "'mine' is no server that is known, so the command must say where its address goes."),
        ("python -m mine <app> 8000", "'mine' is no server that is known"),
        ("python serve.py <app>", "'serve' is no server that is known"),
        ("uvicorn <app> --port 0", "The port 0 in 'uvicorn <app> --port 0' cannot be waited for."),
        ("uvicorn <app> --port http", "The port http in 'uvicorn <app> --port http' cannot be waited for."),
        ("hypercorn -b fd://3 <app>", "The address in -b fd://3 of 'hypercorn -b fd://3 <app>' cannot be read."),
    ],
)
def test_a_command_that_cannot_work_is_refused(text: str, message: str) -> None:
    """The error says what is wrong with the command, with the command in it, and what to do."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.hint


def test_an_unknown_server_is_told_how_to_be_started() -> None:
    """The hint shows the user's own command with the placeholders added, and the other ways."""
    with pytest.raises(UsageError) as caught:
        parse("mine <app>")
    assert '--server "mine <app> --host <host> --port <port>"' in caught.value.hint
    assert "[tool.asgi-conformance.profiles]" in caught.value.hint
    assert "uvicorn" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/venv/bin/uvicorn <app>", "uvicorn"),
        ("python -m mine.server <app> <port>", "mine.server"),
        ("python ./serve.py <app> <port>", "serve"),
        ("/opt/mine <app> <port>", "mine"),
    ],
)
def test_a_server_has_a_name(text: str, name: str) -> None:
    """An unknown server is named after its program, module or script."""
    assert parse(text).name == name


def test_a_command_is_shown_on_one_line() -> None:
    """What reports show is the user's own command."""
    assert display(parse("  uvicorn   <app>\n --http h11 ")) == "uvicorn <app> --http h11"
