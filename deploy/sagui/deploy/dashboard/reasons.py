"""Why the broker is of no use, in English and in Portuguese: more of what `sagui.deploy.dashboard.words` begins.

What begins with *why* and a space is a reason as MQTT, paho or the system gives it, in small letters.
"""

REASONS: dict[str, tuple[str, str]] = {
    "absence_awaited": ("{broker} has not answered yet", "{broker} ainda não respondeu"),
    "absence_missing": ("{broker} is not there: {why}", "{broker} não está lá: {why}"),
    "absence_lost": ("{broker}: the connection is lost ({why})", "{broker}: a conexão se perdeu ({why})"),
    "absence_refused": ("{broker} refuses the connection: {why}", "{broker} recusa a conexão: {why}"),
    "absence_deaf": ("{broker} does not let us read: {why}", "{broker} não nos deixa ler: {why}"),
    "absence_silent": ("{broker} did not acknowledge the order", "{broker} não confirmou o pedido"),
    "absence_remedy": (
        "; set {user} and {password}, or --mqtt-user-file",
        "; defina {user} e {password}, ou --mqtt-user-file",
    ),
    "why no answer": ("no answer", "sem resposta"),
    "why connection refused": ("Connection refused", "conexão recusada"),
    "why connection reset by peer": ("Connection reset by peer", "o outro lado cortou a conexão"),
    "why no route to host": ("No route to host", "não há caminho até o host"),
    "why network is unreachable": ("Network is unreachable", "a rede não pode ser alcançada"),
    "why name or service not known": ("Name or service not known", "ninguém conhece esse nome"),
    "why temporary failure in name resolution": (
        "Temporary failure in name resolution",
        "o nome não pôde ser procurado agora",
    ),
    "why timed out": ("timed out", "demorou demais"),
    "why connection timed out": ("Connection timed out", "demorou demais"),
    "why not authorized": ("Not authorized", "sem autorização"),
    "why not authorised": ("Not authorised", "sem autorização"),
    "why bad user name or password": ("Bad user name or password", "usuário ou senha errados"),
    "why unspecified error": ("Unspecified error", "erro sem mais detalhes"),
    "why keep alive timeout": ("Keep alive timeout", "silêncio longo demais"),
    "why server shutting down": ("Server shutting down", "o broker está sendo desligado"),
    "why server unavailable": ("Server unavailable", "o broker não atende agora"),
    "why session taken over": ("Session taken over", "outro programa tomou o lugar"),
    "why certificate has expired": ("certificate has expired", "o certificado venceu"),
    "why self-signed certificate": ("self-signed certificate", "o certificado não tem autoridade"),
    "why unable to get local issuer certificate": (
        "unable to get local issuer certificate",
        "ninguém em quem confiamos emitiu o certificado",
    ),
}  # fmt: skip
