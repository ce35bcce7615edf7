"""Routes and integrations, which the emulator drops: made from the processed template and from nothing else."""

import json
import re

METHODS = {"x-amazon-apigateway-any-method": "ANY"}


def described(stack):
    """What the template's API says: (route, function)."""
    body = stack.of_type("AWS::ApiGatewayV2::Api")["Api"]["Body"]
    routes = []
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            function = re.search(r"functions/\$\{(\w+)Aliaslive\}/invocations", json.dumps(integration["uri"])).group(1)
            if (integration["type"], integration["payloadFormatVersion"]) != ("aws_proxy", "2.0"):
                raise AssertionError(f"{path} has an integration of another kind: {integration}")
            if operation.get("security"):
                raise AssertionError(f"{path} has an authorizer, which nothing makes here")
            routes.append((f"{METHODS.get(method, method.upper())} {path}", function))
    return sorted(routes)


def wire(stack):
    """Makes all of them, in place of those that are there; the routes."""
    api, client = stack.ids["Api"], stack.client("apigatewayv2")
    routes = described(stack)
    for old in client.get_routes(ApiId=api)["Items"]:
        client.delete_route(ApiId=api, RouteId=old["RouteId"])
    integrations = {}
    for route, function in routes:
        if function not in integrations:
            arn = stack.client("lambda").get_function_configuration(FunctionName=stack.ids[function])["FunctionArn"]
            integrations[function] = client.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0", IntegrationMethod="POST"
            )["IntegrationId"]
        client.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integrations[function]}", AuthorizationType="NONE")
    return routes
