"""The token server of a registry: who may do what, said in a JWT that the registry believes because of its signature.

It counts, denies and lets tokens expire on demand. A registry grants a minute more than a token says, so that minute is taken off.
"""
import base64
import json
import os
import time
import urllib.parse

from . import certificates, web

LEEWAY = 60
ISSUER = "test-issuer"
SERVICE = "test-registry"


class TokenServer(web.Server):
    """anonymous: what scopes nobody in particular gets. deny: a set of actions that are given to no one."""

    def __init__(self, directory, users=None, anonymous=("pull",), seconds=300, says_when=True):
        authority = certificates.Authority(directory, "Token Signer", rsa=True)
        self.certificate, self.key = authority.certificate, authority.key
        self.users = {"alice": "secret"} if users is None else users
        self.anonymous, self.seconds, self.says_when, self.deny = set(anonymous), seconds, says_when, set()
        self.given = 0
        super().__init__(self.give)
        self.realm = self.url + "/token"

    def give(self, exchange):
        text = urllib.parse.urlsplit(exchange.path).query if exchange.command == "GET" else exchange.body().decode()
        form = dict(urllib.parse.parse_qsl(text))
        scopes = " ".join(urllib.parse.parse_qs(text).get("scope", []))  # one that may come several times
        user, known = self.who(exchange, form)
        if not known:
            return exchange.reply(401, b'{"errors": [{"code": "UNAUTHORIZED", "message": "wrong user or password"}]}')
        allowed = ({"pull", "push", "delete", "*"} if user else self.anonymous) - self.deny
        access = []
        for scope in filter(None, scopes.split(" ")):
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            access.append({"type": kind, "name": name, "actions": [each for each in actions.split(",") if each in allowed]})
        token = self.sign({"iss": ISSUER, "sub": user, "aud": form.get("service", SERVICE), "access": access, "jti": os.urandom(8).hex(),
                           "iat": int(time.time()), "nbf": int(time.time()) - 10, "exp": int(time.time()) + self.seconds - LEEWAY})
        self.given += 1
        answer = {"token": token, "access_token": token}
        if self.says_when:
            answer["expires_in"] = self.seconds
        return exchange.reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def who(self, exchange, form):
        if form.get("grant_type") == "password":
            return form.get("username", ""), self.users.get(form.get("username")) == form.get("password")
        header = exchange.headers.get("Authorization", "")
        if not header.startswith("Basic "):
            return "", True
        user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        return user, self.users.get(user) == password

    def sign(self, claims):
        def packed(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=")
        pem = self.certificate.read_text().split("-----")[2]
        head = {"typ": "JWT", "alg": "RS256", "x5c": ["".join(pem.split())]}
        text = packed(json.dumps(head).encode()) + b"." + packed(json.dumps(claims).encode())
        return (text + b"." + packed(certificates.openssl("dgst", "-sha256", "-sign", self.key, input=text))).decode()
