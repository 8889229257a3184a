"""All that the pages say, in English and in Portuguese."""

from collections.abc import Callable
from typing import Literal

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")
NAMES: dict[Language, str] = {"en": "English", "pt": "Português"}

_TABLE: dict[str, tuple[str, str]] = {
    "now": ("Now", "Agora"),
    "history": ("History", "Histórico"),
    "models": ("Models", "Modelos"),
    "skip": ("Skip to the content", "Ir para o conteúdo"),
    "theme": ("Light or dark", "Claro ou escuro"),
    "theme_auto": ("auto", "automático"),
    "theme_dark": ("dark", "escuro"),
    "theme_light": ("light", "claro"),
    "logout": ("Log out", "Sair"),
    "login": ("Log in", "Entrar"),
    "password": ("Password", "Senha"),
    "login_wrong": ("That is not the password.", "Essa não é a senha."),
    "login_wait": ("Too many attempts. Wait a minute.", "Tentativas demais. Espere um minuto."),
    "broker_away": (
        "The broker is away: {why}. What is below may be old.",
        "O broker está fora: {why}. O que está abaixo pode ser antigo.",
    ),
    "database_sick": (
        "Results are not being saved: {why}. {waiting} wait in memory.",
        "Os resultados não estão sendo salvos: {why}. {waiting} esperam na memória.",
    ),
    "lost": (
        "{dropped} results were lost while the database could not be used.",
        "{dropped} resultados se perderam enquanto o banco de dados não podia ser usado.",
    ),
    "overrun": (
        "{count} messages came too fast and were not read.",
        "{count} mensagens vieram rápido demais e não foram lidas.",
    ),
    "crowded": (
        "Too many devices to show; messages left out: {count}.",
        "Dispositivos demais para mostrar; mensagens ignoradas: {count}.",
    ),
    "flooded": (
        "{count} results of devices that flood were not saved.",
        "{count} resultados de dispositivos que inundam não foram salvos.",
    ),
    "filter": ("Search device or label", "Buscar dispositivo ou rótulo"),
    "search": ("Search", "Buscar"),
    "show": ("Show", "Mostrar"),
    "sort": ("Sort by", "Ordenar por"),
    "all": ("All", "Todos"),
    "in_trouble": ("In trouble", "Com problemas"),
    "by_device": ("Device", "Dispositivo"),
    "by_trouble": ("Trouble first", "Problemas primeiro"),
    "by_label": ("Label", "Rótulo"),
    "by_since": ("Newest change first", "Mudança mais recente primeiro"),
    "by_score": ("Least sure first", "Menos certos primeiro"),
    "count": (
        "Devices: {devices} ({online} online, {stale} silent, {offline} offline)",
        "Dispositivos: {devices} ({online} online, {stale} em silêncio, {offline} offline)",
    ),
    "nobody": (
        "No device has said anything yet. Start one: sagui run --broker URL",
        "Nenhum dispositivo disse nada ainda. Inicie um: sagui run --broker URL",
    ),
    "nothing_fits": ("No device fits the search.", "Nenhum dispositivo corresponde à busca."),
    "online": ("online", "online"),
    "stale": ("silent", "em silêncio"),
    "offline": ("offline", "offline"),
    "unknown": ("unknown", "desconhecido"),
    "no_label": ("nothing seen yet", "nada visto ainda"),
    "for": ("for {age}", "há {age}"),
    "no_photo": ("no photo", "sem foto"),
    "photo_of": ("Latest photo of {device}", "Última foto de {device}"),
    "last_hour": ("Score over the last hour", "Pontuação na última hora"),
    "temperature": ("temp.", "temp."),
    "outbox": ("waiting", "em espera"),
    "more_streams": ("and {count} more", "e mais {count}"),
    "moment": ("under a minute", "menos de um minuto"),
    "trouble_offline": ("offline", "offline"),
    "trouble_stale": ("silent for {age}", "em silêncio há {age}"),
    "trouble_safe": ("safe mode, no camera and no model", "modo seguro, sem câmera e sem modelo"),
    "trouble_camera": ("the camera gives no frames", "a câmera não dá imagens"),
    "trouble_problem": ("problem", "problema"),
    "trouble_update": ("update", "atualização"),
    "trouble_flood": ("floods: {count} messages in a second", "inunda: {count} mensagens em um segundo"),
    "trouble_unreadable": ("messages that cannot be read: {count}", "mensagens que não podem ser lidas: {count}"),
    "trouble_throttled": ("power or heat", "energia ou calor"),
    "trouble_clock": ("its clock is wrong by {age}", "seu relógio está errado por {age}"),
    "device": ("Device", "Dispositivo"),
    "day": ("Day (UTC)", "Dia (UTC)"),
    "all_devices": ("All devices", "Todos os dispositivos"),
    "per_hour": ("Results per hour and label (UTC)", "Resultados por hora e rótulo (UTC)"),
    "scores": ("Mean score per hour (UTC)", "Pontuação média por hora (UTC)"),
    "label": ("Label", "Rótulo"),
    "results": ("Results", "Resultados"),
    "share": ("Share", "Parte"),
    "mean_score": ("Mean score", "Pontuação média"),
    "other": ("other", "outros"),
    "no_results": ("No results on this day.", "Nenhum resultado neste dia."),
    "no_day": ("Choose a day.", "Escolha um dia."),
    "export": ("Download the day's results:", "Baixar os resultados do dia:"),
    "export_choose": ("Choose a device to download its results.", "Escolha um dispositivo para baixar os resultados."),
    "model": ("Model", "Modelo"),
    "version": ("Version", "Versão"),
    "latest": ("Newest known", "Mais nova conhecida"),
    "phase": ("Update", "Atualização"),
    "groups": ("Groups", "Grupos"),
    "note": ("Note", "Nota"),
    "status": ("Status", "Estado"),
    "pinned": ("pinned", "fixado"),
    "runs_where": ("What runs where", "O que roda onde"),
    "install": ("Install", "Instalar"),
    "revert": ("Revert", "Reverter"),
    "install_ask": ("Install a model on these devices ({count})?", "Instalar um modelo nestes dispositivos ({count})?"),
    "revert_ask": (
        "Take these devices back to the model before ({count})?",
        "Voltar estes dispositivos ao modelo anterior ({count})?",
    ),
    "install_version": ("Version; empty: the newest", "Versão; vazio: a mais nova"),
    "bad_version": ("Write it as 1.4.0", "Escreva como 1.4.0"),
    "signed_only": (
        "Devices take only what the registry's keys have signed, and go back by themselves if it does not do well.",
        "Os dispositivos só aceitam o que as chaves do registro assinaram, e voltam sozinhos se não der certo.",
    ),
    "cancel": ("Cancel", "Cancelar"),
    "ordered": ("Devices asked: {count}", "Dispositivos que receberam o pedido: {count}"),
    "not_ordered": ("Not all were asked: {why}", "Nem todos receberam o pedido: {why}"),
    "choose_devices": ("Choose devices in the table first.", "Escolha antes dispositivos na tabela."),
}  # fmt: skip

Say = Callable[..., str]


def speak(language: Language) -> Say:
    """Gives the function that says a text of the table.

    >>> speak("pt")("for", age="3 min")
    'há 3 min'
    """
    column = LANGUAGES.index(language)

    def say(key: str, **values: object) -> str:
        return _TABLE[key][column].format(**values)

    return say


def choose_language(asked: str | None, remembered: str | None, accepted: str) -> Language:
    """Chooses the language of a page.

    Args:
        asked: ``?lang=`` of the address.
        remembered: What the browser's cookie says.
        accepted: ``Accept-Language`` of the request, best first by its weights (RFC 9110, 12.5.4).

    >>> choose_language(None, None, "fr, pt-BR;q=0.8, en;q=0.5")
    'pt'
    """
    for wish in (asked, remembered, *_by_weight(accepted)):
        for language in LANGUAGES:
            if wish and wish.lower().partition("-")[0] == language:
                return language
    return "en"


def _by_weight(accepted: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in accepted[:1000].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def age(seconds: float, say: Say) -> str:
    """Says a time span in one unit: coarse, so that a page changes seldom.

    >>> age(7300, speak("en"))
    '2 h'
    """
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size_s:
            return f"{int(seconds // size_s)} {unit}"
    return say("moment")
