"use strict";

const byId = (id) => document.getElementById(id);

// Tabs, with the arrow keys as well.
const tabs = [...document.querySelectorAll('[role="tab"]')];
function show(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !chosen;
  }
  tab.focus();
}
for (const [index, tab] of tabs.entries()) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) show(tabs[(index + step + tabs.length) % tabs.length]);
  });
}

function fromBase64(text) {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0));
}

// WebCrypto takes r and s, 32 bytes each; the signature is a DER sequence of two integers.
function toFixed(der) {
  const fixed = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1];
    const integer = der.slice(at + 2, at + 2 + length);
    const significant = integer[0] === 0 ? integer.slice(1) : integer;
    fixed.set(significant, end - significant.length);
    at += 2 + length;
  }
  return fixed;
}

async function isValid(answer) {
  const { publicKey } = await (await fetch("/key.json")).json();
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("spki", fromBase64(publicKey), algorithm, false, ["verify"]);
  const signed = new TextEncoder().encode(answer.payload);
  return crypto.subtle.verify(algorithm, key, toFixed(fromBase64(answer.signature)), signed);
}

function verdict(good, text) {
  byId("verdict").className = good ? "good" : "bad";
  byId("verdict").textContent = text;
  byId("result").hidden = false;
}

byId("chain").addEventListener("change", (event) => {
  byId("token").value = event.target.selectedOptions[0].dataset.token;
});

byId("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("decoded").textContent = byId("answer").textContent = "";
  const amount = byId("amount").value.trim();
  const request = {
    // What is no number goes as it was typed, and the endpoint says what is wrong with it.
    amount: amount !== "" && Number.isFinite(Number(amount)) ? Number(amount) : amount,
    chainId: Number(byId("chain").value),
    address: byId("address").value.trim(),
    token: byId("token").value.trim(),
    callbackScheme: null,
  };
  if (byId("reference").value !== "") request.reference = byId("reference").value;
  try {
    const response = await fetch("/api/sign-payment", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
    const answer = await response.json();
    byId("answer").textContent = JSON.stringify(answer, null, 2);
    if (!response.ok) return verdict(false, `Refused (${response.status}): ${answer.error}`);
    const payload = new TextDecoder().decode(fromBase64(answer.payload));
    byId("decoded").textContent = JSON.stringify(JSON.parse(payload), null, 2);
    const valid = await isValid(answer);
    verdict(valid, valid ? "Signed. This browser verified the signature." : "The signature is NOT valid.");
  } catch (error) {
    verdict(false, `No answer: ${error.message}`);
  }
});

byId("generate").addEventListener("click", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  bytes.fill(0);
  byId("generated").value = `xmsk1_${hex}`;
  byId("copy").disabled = false;
  byId("copied").textContent = "";
});

byId("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(byId("generated").value);
    byId("copied").textContent = "Copied. Clear the clipboard when it is stored.";
  } catch {
    byId("generated").select();
    byId("copied").textContent = "Selected: copy it from the field.";
  }
});
