"use strict";
// The query editor's own few lines: who you are, a fresh token for each question, and a memory that ends with the page.

window.__webpack_nonce__ = document.currentScript.nonce; // GraphiQL puts it on the one style element its dialogs inject

(async function () {
  const chooser = document.getElementById("worker");
  const state = document.getElementById("state");

  function say(text, failed) {
    state.textContent = text;
    state.classList.toggle("failed", Boolean(failed));
  }

  // GraphiQL keeps queries and variables in localStorage: a child's number would stay on the machine. This one forgets.
  function forgetful() {
    const kept = new Map();
    return {
      getItem: (key) => (kept.has(key) ? kept.get(key) : null),
      setItem: (key, value) => void kept.set(key, String(value)),
      removeItem: (key) => void kept.delete(key),
      clear: () => kept.clear(),
      get length() { return kept.size; },
    };
  }

  function failure(message, code) {
    return { errors: [{ message, extensions: { code } }] };
  }

  async function post(url, body, token) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (token) headers.Authorization = "Bearer " + token;
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" });
    return response.json();
  }

  async function get(url) {
    return (await fetch(url, { credentials: "omit" })).json();
  }

  function fetcherFor(endpoint, schema) {
    return async function (question) {
      if (schema && question.operationName === "IntrospectionQuery") return get(schema);
      let issued;
      try {
        issued = await post("/ide/token", { worker: chooser.value });
      } catch {
        say("No token: is the hub still running?", true);
        return failure("The hub gave no token: is it still running?", "IDE_NO_TOKEN");
      }
      if (!issued.token) {
        say("No token for this worker", true);
        return issued;
      }
      try {
        const answer = await post(endpoint, question, issued.token);
        say("Ready");
        return answer;
      } catch {
        say("The hub did not answer", true);
        return failure("The hub did not answer: is it still running?", "IDE_NO_ANSWER");
      }
    };
  }

  try {
    const config = await get("/ide/config");
    for (const worker of config.workers) chooser.add(new Option(worker.label, worker.id));
    chooser.disabled = false;
    say("Ready");
    chooser.addEventListener("change", () => say("Ready"));
    const editor = React.createElement(GraphiQL, {
      fetcher: fetcherFor(config.endpoint, config.schema),
      defaultQuery: config.query,
      query: config.query,
      variables: config.variables,
      storage: forgetful(),
      isHeadersEditorEnabled: false,
      showPersistHeadersSettings: false,
      forcedTheme: "light",
    });
    ReactDOM.createRoot(document.getElementById("editor")).render(editor);
  } catch {
    say("The editor could not start: reload the page", true);
  }
})();
