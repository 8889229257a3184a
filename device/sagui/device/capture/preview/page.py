"""The web page of the preview."""

import html
import json
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>sagui capture</title>
<style nonce="$nonce">
  body { font: 16px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem;
         color: #222; background: #fafafa; }
  img { width: 100%; max-height: 70vh; object-fit: contain; background: #111; border-radius: .4rem; }
  button, input { font: inherit; padding: .4rem .9rem; margin: .2rem .2rem 0 0; border: 1px solid #999;
                  border-radius: .4rem; background: #fff; color: #222; }
  button[aria-pressed=true] { background: #17603a; border-color: #17603a; color: #fff; }
  #said { color: #8a3b00; min-height: 1.4em; }
</style>
<img id="frame" alt="what the camera sees">
<p id="status" role="status">waiting for the camera</p>
<p id="labels"></p>
<form id="other"><input id="name" aria-label="another label" placeholder="another label" maxlength="200" required>
<button>Take this</button> <button type="button" id="pause">Pause</button></form>
<p id="said" role="alert"></p>
<script nonce="$nonce">
  const key = $key, at = path => path + "?key=" + encodeURIComponent(key), by = id => document.getElementById(id);
  const wait = (ms, then) => setTimeout(then, ms);
  function next() { by("frame").src = at("frame.jpg") + "&n=" + Date.now(); }
  by("frame").onload = () => wait(150, next);
  by("frame").onerror = () => wait(1000, next);
  function show(now) {
    by("status").textContent = now.text;
    by("said").textContent = now.said;
    by("pause").setAttribute("aria-pressed", now.label === "");
    by("labels").replaceChildren(...now.labels.map(label => {
      const button = document.createElement("button");
      button.textContent = label;
      button.setAttribute("aria-pressed", label === now.label);
      button.onclick = () => choose(label);
      return button;
    }));
  }
  async function ask(path, options) {
    try {
      const answer = await fetch(at(path), options), said = await answer.json();
      if (answer.ok) show(said); else by("said").textContent = said.error;
      return answer.ok;
    } catch { by("status").textContent = "sagui capture has ended, or cannot be reached"; return false; }
  }
  function choose(label) { return ask("label", {method: "POST", body: JSON.stringify({label})}); }
  by("pause").onclick = () => choose("");
  by("other").onsubmit = async event => {
    event.preventDefault();
    if (await choose(by("name").value)) by("name").value = "";
  };
  async function follow() { await ask("status.json"); wait(700, follow); }
  next(); follow();
</script>
</html>
""")


def page(key: str, nonce: str) -> bytes:
    """Fills the page in.

    Args:
        key: What every address asks for.
        nonce: Of the content security policy: nothing but the page's own script runs.
    """
    return _PAGE.substitute(key=json.dumps(key), nonce=html.escape(nonce)).encode()
