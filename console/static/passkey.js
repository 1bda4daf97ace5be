// Passkeys: a form that makes one, and a form that signs with one. Without
// scripts neither is sent: there is nothing in it that a node would take.

export function startPasskeys() {
  document.addEventListener("submit", (e) => {
    const way = ways[e.target.dataset.passkey];
    if (!way || e.defaultPrevented) return;
    e.preventDefault();
    run(e.target, way);
  });
}

const ways = { sign, make };

async function run(form, way) {
  const box = form.querySelector("[role=alert]"), buttons = form.querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  box.hidden = true;
  try {
    if (!window.PublicKeyCredential) throw new Error(form.dataset.absent);
    await way(form);
    form.submit();
  } catch (err) {
    box.textContent = err.name === "Error" ? err.message : `${form.dataset.failed} (${err.name})`;
    box.hidden = false;
    for (const b of buttons) b.disabled = false;
  }
}

// sign asks for an assertion whose challenge is the digest of the act. What was
// typed is judged by the node; a passkey is not asked for a text not looked at.
async function sign(form) {
  const f = form.elements;
  if (f.typed.value.trim().toLowerCase() !== form.dataset.begins) return;
  const allowed = [...form.querySelectorAll("[name=allowed]")].map((i) => ({ type: "public-key", id: bytes(i.value) }));
  const c = await navigator.credentials.get({
    publicKey: { rpId: form.dataset.rp, challenge: hex(form.dataset.challenge), allowCredentials: allowed, userVerification: "required", timeout: 120000 },
  });
  f.credential.value = c.id;
  f.authenticator.value = base64(c.response.authenticatorData);
  f.client.value = base64(c.response.clientDataJSON);
  f.signature.value = base64(c.response.signature);
}

// make asks for a passkey without attestation: that its officer holds it is shown
// by the signature over the list that names it.
async function make(form) {
  const f = form.elements, { rp, user } = form.dataset;
  const known = [...form.querySelectorAll("[name=known]")].map((i) => ({ type: "public-key", id: bytes(i.value) }));
  const c = await navigator.credentials.create({
    publicKey: {
      rp: { id: rp, name: rp }, user: { id: new TextEncoder().encode(user), name: user, displayName: f.name.value || user },
      challenge: crypto.getRandomValues(new Uint8Array(32)), attestation: "none", excludeCredentials: known,
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -8 }],
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" }, timeout: 120000,
    },
  });
  const key = c.response.getPublicKey();
  if (!key) throw new Error(form.dataset.absent);
  f.credential.value = c.id;
  f.key.value = base64(key);
}

function hex(s) {
  return Uint8Array.from(s.match(/../g), (b) => Number.parseInt(b, 16));
}

function bytes(s) {
  return Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}

function base64(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}
