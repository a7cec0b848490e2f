"""Callers that say who they are: mobile applications, and users that Amazon Cognito authenticated."""

from json import loads


class Client:
    """The application behind an invocation that came from a mobile SDK."""

    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")

    def __init__(self, fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))


class ClientContext:
    """What the caller sent as ClientContext."""

    __slots__ = ("custom", "env", "client")

    def __init__(self, fields):
        self.custom, self.env = fields.get("custom"), fields.get("env")
        client = fields.get("client")
        self.client = Client(client) if isinstance(client, dict) else client


def add_caller(context, invocation, fault):
    """Completes a context with what is known about the caller; `fault` makes the error for what can't be read."""
    if invocation.client:
        context.client_context = ClientContext(parse(invocation.client, "Client Context", fault))
    if invocation.identity:
        identity = parse(invocation.identity, "Cognito Identity", fault)
        context.identity.cognito_identity_id = identity.get("cognitoIdentityId")
        context.identity.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")


def parse(text, title, fault):
    """A JSON object."""
    try:
        value = loads(text)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        return value
    except Exception as error:
        raise fault("LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (title, error)) from None
