"""Signs in for the fuzzer: as FUZZ_NAME, anew after FUZZ_SESSION_SECONDS (0: for every request)."""

import os

import schemathesis
from accounts import PASSWORD, ask

KEPT = int(os.environ["FUZZ_SESSION_SECONDS"])


@schemathesis.auth(refresh_interval=KEPT or None)
class SignIn:
    def get(self, case, context):
        credentials = {"name": os.environ["FUZZ_NAME"], "password": PASSWORD}
        return ask(os.environ["FUZZ_ADDRESS"], "auth/sign-in", body=credentials)["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    # Revoking the former key of tokens ends every session there is, the fuzzer's too; the black-box tests try it.
    query = case.query or {}
    if case.operation.definition.raw.get("operationId") == "secrets_rotate" and query.get("revoke_former") in (True, "true"):
        del query["revoke_former"]
