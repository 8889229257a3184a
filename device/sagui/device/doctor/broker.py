"""The broker: whether it can be reached, is whom it says, and lets us in.

It is asked step by step, so that the answer names the step that fails. The client's name is not the device's, so that
an agent that runs is not thrown off.
"""

import secrets
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sagui.device.doctor.report import Finding, failed, ok, warning
from sagui.device.doctor.tls import Files, check_dates, check_files, explain_refusal, make_context
from sagui.device.machine import Machine
from sagui.device.mqtt.address import PASSWORD, USER, Address

LIMIT_S = 5.0
"""How long each step may take."""

_CREDENTIALS = f"set {USER} and {PASSWORD}, and on the broker: sudo mosquitto_passwd /etc/mosquitto/passwd USER"
REASONS = {
    "Unsupported protocol version": ("it does not speak this version of MQTT", "sagui run --mqtt 3.1.1"),
    "Client identifier not valid": ("it does not take our client's name", "let names that begin with sagui- in"),
    "Bad user name or password": ("user or password is wrong", _CREDENTIALS),
    "Not authorized": ("this user may not connect, or none was given", _CREDENTIALS),
    "Server unavailable": ("it takes no clients now", "sudo systemctl restart mosquitto"),
    "Server busy": ("it is busy", "try again in a minute"),
    "Banned": ("this client is banned", "ask who runs the broker"),
    "Bad authentication method": ("it wants another way to log in", "allow user and password on the broker"),
    "Quota exceeded": ("it has no room for another client", "raise max_connections in mosquitto.conf"),
    "Connection rate exceeded": ("too many connections were made", "try again in a minute"),
    "Use another server": ("it wants us elsewhere for now", "ask who runs the broker"),
    "Server moved": ("it has moved", "ask who runs the broker for its new address"),
}
"""What a broker's reasons mean, and what to do; MQTT 5.0, 3.2.2.2."""


# What paho raises on bytes that are no MQTT: they are its own, Python's, and those of struct.
_NO_MQTT = (ValueError, LookupError, TypeError, AttributeError, AssertionError, struct.error, RuntimeError)


@dataclass(frozen=True)
class Welcome:
    """What the broker answered to CONNECT.

    Attributes:
        reason: In MQTT's words; None where it hung up or did not answer.
        accepted: Whether we are in.
    """

    reason: str | None
    accepted: bool = False


def check_broker(
    machine: Machine, address: Address, files: Files, versions: tuple[str, ...], now: datetime
) -> list[Finding]:
    """Reaches the broker: name, TCP, TLS, MQTT.

    Args:
        machine: Where ``openssl`` is asked.
        address: The broker, with user and password.
        files: Certificates and key.
        versions: Of MQTT, to be tried in turn: ``5`` and ``3.1.1``.
        now: The present time, for the dates of certificates.
    """
    context = None
    findings: list[Finding] = []
    if address.tls:
        findings += check_files(machine, files, now)
        try:
            context = make_context(files)
        except OSError as error:
            mend = "see that --ca, --cert and --key name PEM files that this user may read"
            return [*findings, failed("tls", f"certificate or key cannot be used: {error.strerror or error}", mend)]
    refusal = _reach(address, context, findings, now)
    if refusal:
        return [*findings, refusal]
    return [*findings, *_log_in(address, context, versions)]


def _reach(address: Address, context: ssl.SSLContext | None, findings: list[Finding], now: datetime) -> Finding | None:
    """Connects by TCP and TLS, and adds what the certificate says; gives what refused."""
    try:
        with socket.create_connection((address.host, address.port), LIMIT_S) as line:
            if context is not None:
                with context.wrap_socket(line, server_hostname=address.host) as secured:
                    shown: Any = secured.getpeercert()
                    what = f"the certificate of {address}"
                    findings.append(check_dates(what, shown["notBefore"], shown["notAfter"], now))
    except ssl.SSLCertVerificationError as error:
        why, mend = explain_refusal(error, address.host)
        return failed("tls", f"{address}: {why}", mend)
    except ssl.SSLError as error:
        mend = f"is port {address.port} the broker's TLS listener? without TLS: mqtt://{address.host}:1883"
        return failed("tls", f"{address} does not answer in TLS: {error.reason or error}", mend)
    except OSError as error:
        return explain_unreachable(error, address)
    return None


def explain_unreachable(error: OSError, address: Address) -> Finding:
    """Tells why there is no TCP connection."""
    if isinstance(error, socket.gaierror):
        mend = f"getent hosts {address.host}; a name that ends in .local needs: sudo apt install libnss-mdns"
        return failed("broker", f"{address}: no such name", mend)
    if isinstance(error, ConnectionRefusedError):
        mend = (
            f"on {address.host}: systemctl status mosquitto; it listens to its own machine alone until "
            f"mosquitto.conf says: listener {address.port}"
        )
        return failed("broker", f"{address}: nothing listens there", mend)
    if isinstance(error, TimeoutError):
        mend = f"ping {address.host}; a firewall: sudo ufw allow {address.port}/tcp, on the broker"
        return failed("broker", f"{address}: no answer within {LIMIT_S:g} s", mend)
    return failed("broker", f"{address}: {error.strerror or error}", f"ping {address.host}; ip route")


def _log_in(address: Address, context: ssl.SSLContext | None, versions: tuple[str, ...]) -> list[Finding]:
    first = versions[0]
    welcome = Welcome(None)
    for version in versions:
        try:
            welcome = connect(address, context, version)
        except ImportError as error:
            # What `packages` reports already; here it only means that the broker cannot be asked.
            return [
                warning("broker", f"{address} can be reached; MQTT was not tried: {error}", "pip install paho-mqtt")
            ]
        except OSError as error:
            return [explain_unreachable(error, address)]
        if welcome.accepted:
            return [_accepted(address, version, first)]
        if welcome.reason not in {None, "Unsupported protocol version"}:
            break  # it understood, and does not want us
    return [_refused(address, welcome)]


def _accepted(address: Address, version: str, first: str) -> Finding:
    who = f"user {address.user}" if address.user else "no user"
    text = f"{address} lets us in ({who}, MQTT {version})"
    if version == first:
        return ok("broker", text)
    return warning("broker", f"{text}; it does not speak MQTT {first}", "sagui run --mqtt 3.1.1, or a newer broker")


def _refused(address: Address, welcome: Welcome) -> Finding:
    if welcome.reason is None:
        text = f"{address} takes the connection and does not answer as a broker does"
        if address.tls:
            return failed("broker", text, "it may ask for a certificate of ours: --cert FILE --key FILE")
        port = address.port if address.port != 1883 else 8883  # noqa: PLR2004 (those of MQTT without and with TLS)
        return failed("broker", text, f"is a broker at port {address.port}? with TLS: mqtts://{address.host}:{port}")
    why, mend = REASONS.get(welcome.reason, ("it gives no other reason", "see the broker's log"))
    return failed("broker", f"{address} refuses us: {welcome.reason}; {why}", mend)


def connect(address: Address, context: ssl.SSLContext | None, version: str) -> Welcome:
    """Sends CONNECT once, waits for the answer, and says goodbye.

    Args:
        address: The broker.
        context: For TLS.
        version: ``5`` or ``3.1.1``.

    Raises:
        ImportError: There is no paho-mqtt, or one that is too old.
        OSError: The broker cannot be reached any more.
    """
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
    from paho.mqtt.properties import MQTTException  # type: ignore[attr-defined]  # paho 2.1 defines it there

    protocol = MQTTProtocolVersion.MQTTv5 if version == "5" else MQTTProtocolVersion.MQTTv311
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"sagui-doctor-{secrets.token_hex(4)}",
        protocol=protocol,
        reconnect_on_failure=False,
    )
    client.connect_timeout = LIMIT_S
    if context is not None:
        client.tls_set_context(context)
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    welcomes: list[Welcome] = []

    def on_connect(_client: object, _data: object, _flags: object, reason: Any, _properties: object) -> None:  # noqa: ANN401
        welcomes.append(Welcome(reason.getName(), accepted=not reason.is_failure))

    client.on_connect = on_connect
    client.connect(address.host, address.port)
    until = time.monotonic() + LIMIT_S
    try:
        # Without paho's thread: there, what is no MQTT would end in a traceback that nobody can catch.
        while not welcomes and (left := until - time.monotonic()) > 0:
            if client.loop(left) != mqtt.MQTT_ERR_SUCCESS:
                break
    except (MQTTException, *_NO_MQTT):
        return Welcome(None)
    finally:
        client.disconnect()
    return welcomes[0] if welcomes else Welcome(None)
