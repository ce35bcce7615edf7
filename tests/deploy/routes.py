"""Routes, integrations and authorizers, which the emulator drops: made from the processed template and from nothing else."""

import json
import re

METHODS = {"x-amazon-apigateway-any-method": "ANY"}


def described(stack):
    """What the template's API says: (route, function, authorizer) and the authorizers."""
    body = stack.of_type("AWS::ApiGatewayV2::Api")["Api"]["Body"]
    routes = []
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            function = re.search(r"functions/\$\{(\w+)\.Arn\}/invocations", json.dumps(integration["uri"])).group(1)
            if (integration["type"], integration["payloadFormatVersion"]) != ("aws_proxy", "2.0"):
                raise AssertionError(f"{path} has an integration of another kind: {integration}")
            names = [name for one in operation.get("security", []) for name in one]
            routes.append((f"{METHODS.get(method, method.upper())} {path}", function, names[0] if names else None))
    schemes = body.get("components", {}).get("securitySchemes", {})
    authorizers = {name: stack.ref(one["x-amazon-apigateway-authorizer"]) for name, one in schemes.items()}
    return sorted(routes), authorizers


def wire(stack):
    """Makes all of them, in place of those that are there; the routes."""
    api, client = stack.ids["Api"], stack.client("apigatewayv2")
    routes, authorizers = described(stack)
    for old in client.get_routes(ApiId=api)["Items"]:
        client.delete_route(ApiId=api, RouteId=old["RouteId"])
    made = {}
    for name, one in authorizers.items():
        source = one["identitySource"]
        made[name] = client.create_authorizer(
            ApiId=api,
            Name=name,
            AuthorizerType="JWT",
            IdentitySource=source if isinstance(source, list) else [source],
            JwtConfiguration={"Issuer": one["jwtConfiguration"]["issuer"], "Audience": one["jwtConfiguration"]["audience"]},
        )["AuthorizerId"]
    integrations = {}
    for route, function, authorizer in routes:
        if function not in integrations:
            arn = stack.client("lambda").get_function_configuration(FunctionName=stack.ids[function])["FunctionArn"]
            integrations[function] = client.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0", IntegrationMethod="POST"
            )["IntegrationId"]
        locked = {"AuthorizationType": "JWT", "AuthorizerId": made[authorizer]} if authorizer else {"AuthorizationType": "NONE"}
        client.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integrations[function]}", **locked)
    return routes
