"""What parameters add: a user pool for admins, and a domain of one's own. A copy of the stack has both."""

import amends
import routes
from outside import Outside
from proof import same
from stack import Stack

DOMAIN = "collect.seller.example"
PASSWORD = "correct horse battery staple"


def sign_in(cognito, pool, client, name):
    """An operator makes an admin of tenant `acme` as docs/deployment.md says; the tokens."""
    claims = [{"Name": "custom:tenant", "Value": "acme"}, {"Name": "custom:role", "Value": "admin"}]
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS", UserAttributes=claims, TemporaryPassword=PASSWORD)
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    given = {"USERNAME": name, "PASSWORD": PASSWORD}
    answer = cognito.admin_initiate_auth(UserPoolId=pool, ClientId=client, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=given)
    return answer["AuthenticationResult"]


def show(world, proof, parameters):
    """Deploys the copy and looks at both."""
    stack = Stack(world.emulator, "with-options")
    certificate = stack.client("acm").request_certificate(DomainName=DOMAIN)["CertificateArn"]
    options = {"JwtIssuer": "cognito", "DomainName": DOMAIN, "CertificateArn": certificate, "BusName": stack.name}
    stack.deploy(world.stack.original(), {**parameters, **options})
    amends.amend(stack)
    try:
        admins(world, proof, stack)
        domain(proof, stack)
    finally:
        stack.remove()


def admins(world, proof, stack):
    """Who gets in with the stack's own user pool."""
    cognito, pool, client = stack.client("cognito-idp"), stack.outputs["UserPoolId"], stack.outputs["UserPoolClientId"]
    outside = Outside(stack, world.issuer)

    amends.point_to_keys(stack, f"{stack.emulator.url}/{pool}/.well-known/jwks.json")

    def status(token):
        return outside.ask("GET", "/v1/sources", headers={"authorization": f"Bearer {token}"}).status

    with proof.check("cognito.first-token", "the id token of the stack's own pool opens the admin API; the access token opens it for no tenant"):
        tokens = sign_in(cognito, pool, client, "jo")
        same(status(tokens["IdToken"]), 200, "with the id token")
        assert status(tokens["AccessToken"]) in (401, 403), "the access token was accepted"
        same(status(world.issuer.token("acme", "admin")), 401, "with the token of another issuer")
    with proof.check("cognito.locked", "the deployed pool lets nobody register, and its client lets nobody write a tenant or a role"):
        made = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
        same(made["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"], True, "who makes users")
        app = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
        same(app["WriteAttributes"], ["name"], "what who signs in may write")
    proof.cannot("a refused registration, a refused claim of one's own", "the deployed settings of pool and client, which the emulator does not enforce")


def domain(proof, stack):
    """What the domain leads to."""
    with proof.check("domain.leads-here", "the domain is made with its certificate, leads to the API, and is what links and vendors get"):
        gateway = stack.client("apigatewayv2")
        made = gateway.get_domain_name(DomainName=DOMAIN)["DomainNameConfigurations"][0]
        same((made["CertificateArn"], made["SecurityPolicy"]), (stack.parameters["CertificateArn"], "TLS_1_2"), "its certificate and TLS")
        (mapping,) = gateway.get_api_mappings(DomainName=DOMAIN)["Items"]
        same(mapping["ApiId"], stack.ids["Api"], "the API that it leads to")
        told = {"SendEmailFunction": "PORTAL_URL", "SendSmsFunction": "PORTAL_URL", "AdminFunction": "PUBLIC_URL", "PortalFunction": "PUBLIC_URL"}
        for function, variable in told.items():
            said = stack.client("lambda").get_function_configuration(FunctionName=stack.ids[function])
            same(said["Environment"]["Variables"].get(variable), f"https://{DOMAIN}", f"{variable} of {function}")
        assert routes.described(stack), "it has no routes"
