"""A mail server for tests. It answers by the recipient's local part, and writes each message as one line of JSON.
Usage: smtp_server.py MODE [CERTIFICATE KEY]; its first line is the port. Modes: plain, tls (offers STARTTLS), auth (wants
STARTTLS, then user "guard" with password "sesame"), broken (STARTTLS and no handshake), few (two mails a connection)."""
import asyncio
import json
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode = sys.argv[1]
greylisted = set()
connections = 0


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if mode == "few" and server.mails == 2:
            return "421 4.7.0 too many mails in one connection"
        if address.startswith("refused@"):
            return "550 5.1.8 this sender is not wanted"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0].strip('"')
        if local == "later":
            return "451 4.7.1 try again"
        if local == "never":
            return "550 5.1.1 no such user " + address
        if local == "greylist" and address not in greylisted:
            greylisted.add(address)
            return "450 4.2.0 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        local = envelope.rcpt_tos[0].split("@")[0]
        if local == "drop":
            server.transport.abort()
            return "250 OK"
        if local == "slow":
            await asyncio.sleep(1)
        if local == "spam":
            return "554 5.7.1 message refused"
        server.mails += 1
        message_id = re.search(rb"^Message-ID: (\S+)", envelope.content, re.M).group(1).decode()
        print(json.dumps({"to": envelope.rcpt_tos, "message_id": message_id, "tls": bool(session.ssl),
                          "user": getattr(session.auth_data, "login", b"").decode() if session.auth_data else "",
                          "connection": server.number}), flush=True)
        return "250 2.0.0 taken as " + message_id


class Server(SMTP):
    def __init__(self, *arguments, **options):
        global connections
        connections += 1
        self.number, self.mails = connections, 0
        super().__init__(*arguments, **options)

    async def smtp_STARTTLS(self, argument):
        if mode != "broken":
            return await super().smtp_STARTTLS(argument)
        await self.push("220 go on")
        self.transport.write(b"this is no handshake\r\n" * 20)
        self.transport.close()


def authenticate(server, session, envelope, mechanism, data):
    good = data.login == b"guard" and data.password == b"sesame"
    return AuthResult(success=good, handled=False, auth_data=data)


options = {"hostname": "smtp.isp.example"}
if mode in ("tls", "auth", "broken"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    options["tls_context"] = context
if mode == "auth":
    options |= {"require_starttls": True, "auth_required": True, "auth_require_tls": True, "authenticator": authenticate}


async def main():
    server = await asyncio.get_running_loop().create_server(lambda: Server(Handler(), **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
