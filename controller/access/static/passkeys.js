/* This file logs a person in by a passkey, and has one made; where the browser knows none, nothing is shown. */

const login = document.querySelector("#passkey-login");
const own = document.querySelector("#passkeys");
const adding = own?.querySelector("form.fields");
const { lang } = document.documentElement;

// Bytes as the server writes them: base64url without padding (RFC 4648, 5).
const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) =>
    sign.codePointAt(0),
  );
const textOf = (bytes) =>
  btoa(String.fromCodePoint(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/u, "");

async function ask(path, options) {
  const answer = await fetch(`${path}?lang=${lang}`, options);
  if (answer.status === 204) return null;
  const told = await answer.json();
  if (answer.ok) return told;
  throw new Error(`${told.error.message} ${told.error.hint}`);
}

const post = (path, body) => ask(path, { method: "POST", body });

function answerOf({ id, response }, name = "") {
  const parts = [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ];
  const told = parts.filter((part) => response[part]).map((part) => [part, textOf(response[part])]);
  return JSON.stringify({ id, name, response: Object.fromEntries(told) });
}

async function enter() {
  const asked = await ask("/login/passkey");
  const publicKey = { ...asked, challenge: bytesOf(asked.challenge) };
  await post("/login/passkey", answerOf(await navigator.credentials.get({ publicKey })));
  location.assign(login.dataset.way);
}

async function add() {
  const form = new FormData(adding);
  const password = new URLSearchParams({ password: form.get("password") });
  const asked = await post("/passkeys/options", password);
  const publicKey = {
    ...asked,
    challenge: bytesOf(asked.challenge),
    user: { ...asked.user, id: bytesOf(asked.user.id) },
    excludeCredentials: (asked.excludeCredentials ?? []).map((known) => ({
      ...known,
      id: bytesOf(known.id),
    })),
  };
  const made = await navigator.credentials.create({ publicKey });
  await post("/passkeys", answerOf(made, form.get("name")));
  location.reload();
}

// Does it once at a time, and says beside it why it did not happen.
async function attempt(place, deed) {
  const button = place.querySelector("button");
  const why = place.querySelector("[role=alert]");
  button.disabled = true;
  why.hidden = true;
  try {
    await deed();
  } catch (error) {
    const { dataset } = place;
    why.textContent =
      error.name === "Error"
        ? error.message
        : (dataset[error.name.toLowerCase()] ?? dataset.otherwise);
    why.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

if (window.PublicKeyCredential && window.isSecureContext) {
  if (login) {
    login.hidden = false;
    login.querySelector("button").addEventListener("click", () => attempt(login, enter));
  }
  if (adding) {
    own.hidden = false;
    adding.hidden = false;
    adding.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(adding, add);
    });
  }
}
