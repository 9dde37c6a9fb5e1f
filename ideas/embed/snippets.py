"""The lines to paste: into a page and its styles, and how a host signs who somebody is, in five languages. Pure."""

from __future__ import annotations

import json
from html import escape
from typing import NamedTuple

from ideas import colours


class Snippet(NamedTuple):
    """The lines of one language."""

    language: str
    text: str


class Look(NamedTuple):
    """How the widget looks on a page; what is empty is as it comes.

    theme: light, dark. launcher: end, start. lang: of its words. label: the words on its button. accent: #rrggbb.
    """

    theme: str = ""
    launcher: str = ""
    lang: str = ""
    label: str = ""
    accent: str = ""

    def attributes(self) -> dict[str, str]:
        """Those of the line; the colour is the business of the page's styles."""
        return {f"data-{name}": value for name, value in self._asdict().items() if value and name != "accent"}


AS_IT_COMES = Look()


def line(base_url: str, slug: str, key: str, look: Look = AS_IT_COMES) -> str:
    """What is pasted into a page."""
    said = {"data-board": slug, "data-key": key, **look.attributes()}
    attributes = " ".join(f'{name}="{escape(value)}"' for name, value in said.items())
    return f'<script src="{base_url}/embed/v1.js" {attributes} async></script>'


def styles(look: Look) -> str:
    """What is pasted into a page's styles, in shades that can be read; nothing when the colour is the site's own."""
    if not look.accent:
        return ""
    light, dark = colours.palette(look.accent)
    if look.theme:
        return _rule(light if look.theme == "light" else dark)
    at_night = "".join(f"  {each}\n" for each in _rule(dark).splitlines())
    return f"{_rule(light)}@media (prefers-color-scheme: dark) {{\n{at_night}}}\n"


def _rule(shades: colours.Shades) -> str:
    lines = (f"--answerback-accent: {shades.accent};", f"--answerback-on-accent: {shades.on_accent};")
    return "answerback-board, answerback-vote {\n" + "".join(f"  {each}\n" for each in lines) + "}\n"


def identify() -> str:
    """What the page says once it has a token; it is asked for another whenever one is needed; null is nobody."""
    return (
        "<script>\n"
        "window.Answerback ||= function () { (Answerback.q ||= []).push(arguments); };\n"
        'Answerback("identify", async () => {\n'
        '  const answer = await fetch("/answerback-token");\n'
        "  return {token: answer.ok ? await answer.text() : null};\n"
        "});\n"
        "</script>"
    )


def all_of(issuer: str, audience: str) -> list[Snippet]:
    """Each with the board's own issuer and this site's address filled in. The secret is read from the environment."""
    texts = {"Python": PYTHON, "Node.js": NODE, "PHP": PHP, "Ruby": RUBY, "Go": GO}
    fill = {"ISSUER": issuer or "https://app.example.org", "AUDIENCE": audience}
    return [
        Snippet(language, _filled(text, {name: json.dumps(value)[1:-1] for name, value in fill.items()}))
        for language, text in texts.items()
    ]


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text


PYTHON = '''\
import base64, hashlib, hmac, json, os, secrets, time

def answerback_token(user):
    """Says who is signed in here: for one use, good for five minutes."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    now = int(time.time())
    claims = {
        "iss": "<ISSUER>",
        "aud": "<AUDIENCE>",
        "sub": str(user["id"]),
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + 300,
        "name": user["name"],
        "email": user["email"],
        "email_verified": user["email_verified"],
    }
    said = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    secret = os.environ["ANSWERBACK_SECRET"].encode()
    return said + "." + part(hmac.digest(secret, said.encode(), hashlib.sha256))
'''

NODE = """\
const crypto = require("node:crypto");

// Says who is signed in here: for one use, good for five minutes.
function answerbackToken(user) {
  const part = (data) => Buffer.from(data).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "<ISSUER>",
    aud: "<AUDIENCE>",
    sub: String(user.id),
    jti: crypto.randomUUID(),
    iat: now,
    exp: now + 300,
    name: user.name,
    email: user.email,
    email_verified: user.email_verified,
  };
  const said = `${part('{"alg":"HS256","typ":"JWT"}')}.${part(JSON.stringify(claims))}`;
  const signature = crypto.createHmac("sha256", process.env.ANSWERBACK_SECRET).update(said).digest("base64url");
  return `${said}.${signature}`;
}
"""

PHP = """\
<?php
// Says who is signed in here: for one use, good for five minutes.
function answerback_token(array $user): string
{
    $part = fn (string $data): string => rtrim(strtr(base64_encode($data), '+/', '-_'), '=');
    $claims = [
        'iss' => "<ISSUER>",
        'aud' => "<AUDIENCE>",
        'sub' => (string) $user['id'],
        'jti' => bin2hex(random_bytes(16)),
        'iat' => time(),
        'exp' => time() + 300,
        'name' => $user['name'],
        'email' => $user['email'],
        'email_verified' => $user['email_verified'],
    ];
    $said = $part('{"alg":"HS256","typ":"JWT"}') . '.' . $part(json_encode($claims, JSON_THROW_ON_ERROR));
    return $said . '.' . $part(hash_hmac('sha256', $said, getenv('ANSWERBACK_SECRET'), true));
}
"""

RUBY = """\
require "base64"
require "json"
require "openssl"
require "securerandom"

# Says who is signed in here: for one use, good for five minutes.
def answerback_token(user)
  part = ->(data) { Base64.urlsafe_encode64(data, padding: false) }
  now = Time.now.to_i
  claims = {
    iss: "<ISSUER>",
    aud: "<AUDIENCE>",
    sub: user[:id].to_s,
    jti: SecureRandom.uuid,
    iat: now,
    exp: now + 300,
    name: user[:name],
    email: user[:email],
    email_verified: user[:email_verified]
  }
  said = "#{part.call('{"alg":"HS256","typ":"JWT"}')}.#{part.call(JSON.generate(claims))}"
  "#{said}.#{part.call(OpenSSL::HMAC.digest("SHA256", ENV.fetch("ANSWERBACK_SECRET"), said))}"
end
"""

GO = """\
package answerback

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"time"
)

type User struct {
	ID, Name, Email string
	EmailVerified   bool
}

// Token says who is signed in here: for one use, good for five minutes.
func Token(user User) (string, error) {
	part := base64.RawURLEncoding.EncodeToString
	name := make([]byte, 16)
	if _, err := rand.Read(name); err != nil {
		return "", err
	}
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss":            "<ISSUER>",
		"aud":            "<AUDIENCE>",
		"sub":            user.ID,
		"jti":            hex.EncodeToString(name),
		"iat":            now,
		"exp":            now + 300,
		"name":           user.Name,
		"email":          user.Email,
		"email_verified": user.EmailVerified,
	})
	if err != nil {
		return "", err
	}
	said := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(os.Getenv("ANSWERBACK_SECRET")))
	mac.Write([]byte(said))
	return said + "." + part(mac.Sum(nil)), nil
}
"""
