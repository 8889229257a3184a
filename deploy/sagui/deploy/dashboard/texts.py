"""All that the pages say, in English and in Portuguese."""

from collections.abc import Callable
from typing import Literal

Language = Literal["en", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "pt")
NAMES: dict[Language, str] = {"en": "English", "pt": "Português"}

_TABLE: dict[str, tuple[str, str]] = {
    "separators": (",.", ".,"),  # of thousands and of decimals
    "now": ("Now", "Agora"),
    "history": ("History", "Histórico"),
    "models": ("Models", "Modelos"),
    "skip": ("Skip to the content", "Ir para o conteúdo"),
    "theme": ("Light or dark", "Claro ou escuro"),
    "theme_auto": ("auto", "automático"),
    "theme_dark": ("dark", "escuro"),
    "theme_light": ("light", "claro"),
    "logout": ("Log out", "Sair"),
    "user": ("User: {name}", "Usuário: {name}"),
    "login": ("Log in", "Entrar"),
    "password": ("Password", "Senha"),
    "login_wrong": ("That is not the password.", "Essa não é a senha."),
    "login_wait": ("Too many attempts. Wait a minute.", "Tentativas demais. Espere um minuto."),
    "broker_away": (
        "The broker is away: {why}. What is below may be old.",
        "O broker está fora: {why}. O que está abaixo pode ser antigo.",
    ),
    "broker_refused": (
        "The dashboard may not use the broker: {why}. What is below may be old.",
        "O painel não pode usar o broker: {why}. O que está abaixo pode ser antigo.",
    ),
    "broker_awaited": (
        "Waiting for the broker: nothing has been heard yet.",
        "À espera do broker: nada foi recebido ainda.",
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
        "{count} resultados de dispositivos que enviam mensagens demais não foram salvos.",
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
    "by_score": ("Least sure first", "Menor pontuação primeiro"),
    "count": (
        "Devices: {devices} ({online} online, {stale} silent, {offline} offline)",
        "Dispositivos: {devices} ({online} online, {stale} em silêncio, {offline} offline)",
    ),
    "nobody": (
        "No device has said anything yet. Start one: sagui run M.sagui --camera usb:0 --device NAME --broker URL",
        "Nenhum dispositivo disse nada ainda. Inicie um: sagui run M.sagui --camera usb:0 --device NOME --broker URL",
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
    "looks_at": ("Looked at: {parts}", "Observado: {parts}"),
    "the_model": ("what the model sees", "o que o modelo vê"),
    "last_hour": ("Score over the last hour", "Pontuação na última hora"),
    "temperature": ("temp.", "temp."),
    "outbox": ("waiting", "em espera"),
    "more_streams": ("and {count} more", "e mais {count}"),
    "moment": ("under a minute", "menos de um minuto"),
    "trouble_offline": ("offline", "offline"),
    "trouble_stale": ("silent for {age}", "em silêncio há {age}"),
    "trouble_safe": ("safe mode, no camera and no model", "modo seguro, sem câmera e sem modelo"),
    "trouble_camera": ("the camera gives no frames", "a câmera não está enviando imagens"),
    "trouble_problem": ("problem", "problema"),
    "trouble_update": ("update", "atualização"),
    "trouble_flood": ("floods: {count} messages in a second", "excesso: {count} mensagens em um segundo"),
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
    "share": ("Share", "Proporção"),
    "mean_score": ("Mean score", "Pontuação média"),
    "other": ("other", "outros"),
    "no_results": ("No results on this day.", "Nenhum resultado neste dia."),
    "drift": ("Drift", "Deriva"),
    "drift_span": ("Compare the last", "Comparar o período"),
    "drift_1h": ("hour", "última hora"),
    "drift_24h": ("24 hours", "últimas 24 horas"),
    "drift_7d": ("7 days", "últimos 7 dias"),
    "drift_wait": ("Comparing ...", "Comparando ..."),
    "drift_progress": ("Devices compared so far: {done} of {all}", "Comparados até agora: {done} de {all}"),
    "drift_nothing": ("No results yet: there is nothing to compare.", "Ainda não há resultados para comparar."),
    "drift_count": (
        "Changed: {changed}. Steady: {steady}. Too few results: {few}.",
        "Mudaram: {changed}. Estáveis: {steady}. Resultados insuficientes: {few}.",
    ),
    "drift_left_out": ("Devices not compared: {count}.", "Dispositivos não comparados: {count}."),
    "drift_failed": (
        "Not compared, as the database failed: {count} ({why}).",
        "Não comparados, pois o banco de dados falhou: {count} ({why}).",
    ),
    "drift_changed": ("changed", "mudou"),
    "drift_steady": ("steady", "estável"),
    "drift_too_few": ("too few", "insuficiente"),
    "drift_verdict": ("Verdict", "Veredito"),
    "drift_distance": ("Distance", "Distância"),
    "drift_score_then": ("Mean score then", "Pontuação média antes"),
    "drift_score_now": ("Mean score now", "Pontuação média agora"),
    "drift_results_then": ("Results then", "Resultados antes"),
    "drift_results_now": ("Results now", "Resultados agora"),
    "drift_share_then": ("First week", "Primeira semana"),
    "drift_share_now": ("Now", "Agora"),
    "drift_labels": ("Labels in the first week and now", "Rótulos na primeira semana e agora"),
    "drift_in_week": ("in the first week", "na primeira semana"),
    "drift_in_day": ("on the first day", "no primeiro dia"),
    "drift_in_days": ("in the first {days} days", "nos primeiros {days} dias"),
    "drift_moved": (
        "“{label}” was {then} {when} and is {now} now",
        "“{label}” respondia por {then} dos resultados {when} e agora por {now}",
    ),
    "drift_fell": ("the mean score fell from {then} to {now}", "a pontuação média caiu de {then} para {now}"),
    "drift_advice": (
        "The camera may have moved, or the world changed: look at the photos; consider [collect] and training again.",
        "A câmera pode ter saído do lugar, ou o mundo mudou: veja as fotos, e considere [collect] e treinar de novo.",
    ),
    "drift_steady_why": (
        "Much as in the first week: labels at a distance of {distance} (limit {limit}), mean score {then}, now {now}.",
        "Quase como na 1ª semana: rótulos à distância {distance} (limite {limit}), pontuação {then}, agora {now}.",
    ),
    "drift_cut_why": (
        "Too many different labels to tell: more than are counted.",
        "Rótulos diferentes demais para comparar: mais do que os que são contados.",
    ),
    "drift_few_why": (
        "Too few results to tell: {then} in the first week, {now} now. Each side needs {needed}, the first week a day.",
        (
            "Resultados insuficientes: {then} na primeira semana, {now} agora. "
            "São necessários {needed} em cada período, e pelo menos um dia na primeira semana."
        ),
    ),
    "drift_young": (
        "Nothing to compare with yet: comparable from about {when} (UTC), when the first day is over. Now: {now}.",
        "Ainda não há com que comparar: será possível por volta de {when} (UTC), após o primeiro dia. Agora: {now}.",
    ),
    "drift_period": ("{model}; now: {now} (UTC)", "{model}; agora: {now} (UTC)"),
    "drift_unknown": (
        "Share of “unknown”: {then} then, {now} now.",
        "Proporção de “unknown”: {then} antes, {now} agora.",
    ),
    "drift_periods": (
        "{model}; first week: {week}; now: {now} (UTC)",
        "{model}; primeira semana: {week}; agora: {now} (UTC)",
    ),
    "no_device": (
        "No device “{device}” is known here. Choose one above.",
        "Nenhum dispositivo “{device}” é conhecido aqui. Escolha um acima.",
    ),
    "not_found": ("There is no such page", "Esta página não existe"),
    "not_found_go": ("Go to:", "Ir para:"),
    "no_day": ("Choose a day.", "Escolha um dia."),
    "previous_day": ("Previous day", "Dia anterior"),
    "next_day": ("Next day", "Dia seguinte"),
    "timeline": ("Labels over the day (UTC)", "Rótulos ao longo do dia (UTC)"),
    "timeline_choose": (
        "Choose a device to see which label held when.",
        "Escolha um dispositivo para ver quando cada rótulo valeu.",
    ),
    "timeline_image": ("Timeline; the table below says the same", "Linha do tempo; a tabela abaixo diz o mesmo"),
    "timeline_table": ("Intervals, newest first", "Intervalos, o mais novo primeiro"),
    "silence": ("More than {span} without a result is a gap.", "Mais de {span} sem resultado é uma lacuna."),
    "changing": ("changing", "mudando"),
    "changing_parts": ("changing ({count} intervals)", "mudando ({count} intervalos)"),
    "joined": (
        "There are more intervals than can be drawn: those under {span} that follow each other are one band.",
        "Há mais intervalos do que se pode desenhar: os de menos de {span} que se seguem são uma só faixa.",
    ),
    "streams_left_out": (
        "Only {streams} streams are shown; results of others: {count}.",
        "Só {streams} fluxos são mostrados; resultados de outros: {count}.",
    ),
    "rows_per_page": ("Rows per page", "Linhas por página"),
    "stream": ("Stream", "Fluxo"),
    "from": ("From", "De"),
    "to": ("To", "Até"),
    "held": ("For", "Duração"),
    "or_earlier": ("{time} or earlier", "{time} ou antes"),
    "or_later": ("{time} or later", "{time} ou depois"),
    "day_table": ("Labels of the day", "Rótulos do dia"),
    "slot_scores": ("Score of each five minutes (UTC)", "Pontuação de cada cinco minutos (UTC)"),
    "slot_label": ("Label of the scores", "Rótulo das pontuações"),
    "all_labels": ("All labels", "Todos os rótulos"),
    "mean": ("mean", "média"),
    "lowest": ("lowest", "mínima"),
    "slot_summary": (
        "Results: {count}. Mean {mean}; lowest {lowest}, in the five minutes from {time}.",
        "Resultados: {count}. Média {mean}; mínima {lowest}, nos cinco minutos a partir das {time}.",
    ),
    "export": ("Download the day's results:", "Baixar os resultados do dia:"),
    "export_choose": ("Choose a device to download its results.", "Escolha um dispositivo para baixar os resultados."),
    "model": ("Model", "Modelo"),
    "version": ("Version", "Versão"),
    "latest": ("Newest known", "Mais nova conhecida"),
    "phase": ("Update", "Atualização"),
    "phase_idle": ("idle", "ociosa"),
    "phase_announced": ("announced", "anunciada"),
    "phase_waiting": ("waiting", "à espera"),
    "phase_downloading": ("downloading", "baixando"),
    "phase_verified": ("verified", "verificada"),
    "phase_staged": ("staged", "pronta"),
    "phase_proving": ("proving", "provando"),
    "phase_shadow": ("shadow", "em sombra"),
    "phase_activated": ("activated", "ativada"),
    "phase_confirmed": ("confirmed", "confirmada"),
    "phase_reverted": ("reverted", "revertida"),
    "phase_failed": ("failed", "falhou"),
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
    "rollouts": ("Rollouts", "Distribuições"),
    "no_rollouts": (
        "The broker keeps no group's plan. Begin one: sagui rollout start MODEL==VERSION --group GROUP --broker URL",
        (
            "O broker não guarda o plano de nenhum grupo. Comece um: "
            "sagui rollout start MODELO==VERSÃO --group GRUPO --broker URL"
        ),
    ),
    "plans_left_out": (
        "There are plans of more groups than are shown here; messages left out: {count}.",
        "Há planos de mais grupos do que se mostram aqui; mensagens ignoradas: {count}.",
    ),
    "plan_unreadable": ("its plan cannot be read", "seu plano não pode ser lido"),
    "rollout_running": ("running", "em andamento"),
    "rollout_paused": ("paused", "em pausa"),
    "rollout_halted": ("halted", "interrompida"),
    "rollout_done": ("done", "concluída"),
    "back_from": ("back from", "volta de"),
    "revert_plan": (
        "Devices that run {version} go back to the model that each had before.",
        "Os dispositivos que rodam {version} voltam ao modelo que cada um tinha antes.",
    ),
    "wave": ("Wave", "Onda"),
    "wave_of": ("wave {number} of {all}", "onda {number} de {all}"),
    "waves_of": (
        "Waves of the group {group}; each one includes those before it",
        "Ondas do grupo {group}; cada uma inclui as anteriores",
    ),
    "wave_since": ("Wave since", "Onda desde"),
    "wave_coming": ("not begun", "não iniciada"),
    "confirmed_of": ("{count} of {all} confirmed", "{count} de {all} confirmados"),
    "devices": ("Devices", "Dispositivos"),
    "progress": ("Progress", "Progresso"),
    "confirmed": ("Confirmed", "Confirmados"),
    "failed": ("Failed", "Falharam"),
    "under_way": ("Under way", "Em curso"),
    "away": ("Away", "Ausentes"),
    "aside": ("Not counted", "Não contam"),
    "more_waves": ("and {count} more waves", "e mais {count} ondas"),
    "operator": ("Operator", "Operador"),
    "revision": ("Revision", "Revisão"),
    "members": ("Devices of the group with this model: {count}", "Dispositivos do grupo com este modelo: {count}"),
    "members_unreadable": (
        "Devices of the group that cannot be read: {count}",
        "Dispositivos do grupo que não podem ser lidos: {count}",
    ),
    "more_failures": ("and {count} more", "e mais {count}"),
    "standing_confirmed": ("confirmed", "confirmados"),
    "standing_pending": ("under way", "em curso"),
    "standing_waiting": ("waiting", "à espera"),
    "standing_failed": ("failed", "falharam"),
    "standing_timed-out": ("out of time", "tempo esgotado"),
    "standing_offline": ("offline", "offline"),
    "standing_away": ("away with it", "ausentes com ela"),
    "standing_pinned": ("pinned", "fixados"),
    "standing_ahead": ("newer already", "já mais novos"),
    "standing_left-out": ("left out: they waited too long", "de fora: esperaram demais"),
    "standing_not-asked": ("not asked yet", "ainda sem pedido"),
    "in_registry": ("In the registry", "No registro"),
    "no_registry": (
        "To see versions and their reports here, start the dashboard again with --registry DIR.",
        "Para ver aqui as versões e seus relatórios, inicie o painel de novo com --registry DIR.",
    ),
    "registry_reading": ("The registry is being read.", "O registro está sendo lido."),
    "registry_empty": (
        "No model is published yet: sagui publish M.sagui",
        "Nenhum modelo foi publicado: sagui publish M.sagui",
    ),
    "versions": ("Versions in the registry", "Versões no registro"),
    "published": ("Published", "Publicada"),
    "created": ("Made", "Criada em"),
    "size": ("Size", "Tamanho"),
    "quantization": ("Quantization", "Quantização"),
    "accuracy": ("Accuracy", "Acurácia"),
    "accuracy_float": ("Before quantization", "Antes da quantização"),
    "report": ("Report", "Relatório"),
    "report_of": ("Report of {model} {version}", "Relatório de {model} {version}"),
    "forced": ("forced", "forçada"),
    "is_latest": ("latest", "mais nova"),
    "more_versions": ("and {count} older ones", "e mais {count} antigas"),
    "more_models": ("and {count} more models", "e mais {count} modelos"),
    "registry": ("Registry", "Registro"),
    "place_listed": ("there", "consta"),
    "place_withdrawn": ("withdrawn", "retirada"),
    "place_stranger": ("not there", "não consta"),
    "lacking": ("The registry has no version of: {models}", "O registro não tem nenhuma versão de: {models}"),
    "from_registry": ("In the registry:", "No registro:"),
    "choose_devices": ("Choose devices in the table first.", "Escolha primeiro os dispositivos na tabela."),
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


def figure(number: float, spec: str, say: Say) -> str:
    """Writes a number with the language's separators.

    Args:
        number: What is written.
        spec: How, as `format` takes it.
        say: In the reader's language.

    >>> figure(1234.5, ",.1f", speak("en")), figure(1234.5, ",.1f", speak("pt"))
    ('1,234.5', '1.234,5')
    """
    return format(number, spec).translate(str.maketrans(",.", say("separators")))


def age(seconds: float, say: Say) -> str:
    """Says a time span in one unit: coarse, so that a page changes seldom.

    >>> age(7300, speak("en"))
    '2 h'
    """
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size_s:
            return f"{int(seconds // size_s)} {unit}"
    return say("moment")
