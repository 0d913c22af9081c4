"""Sends requests generated from an API description, and reports answers that are not as it says.

Arguments: description, address, token, authority's file, id of a real cluster, requests for each operation.
Findings: a 5xx other than the documented 501 of what is not built, and an answer that does not fit its schema.
"""

import json
import sys
import uuid

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

description, address, token, authority, cluster, count = sys.argv[1:7]
schema = schemathesis.openapi.from_path(description)
load_all_checks()
checks = [CHECKS.get_one(name) for name in ("response_schema_conformance", "content_type_conformance")]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {token}"
# The environment may name another authority, and would win over the session.
session.trust_env = False
session.verify = authority
findings = {}
statuses = {}

# Real clusters are made and destroyed by `bounded_life` only.
left_out = {("POST", "/v2/databases")}
# Names that are there, so that what lies below a name is reached too.
real_names = {"username": "doadmin", "database_name": "defaultdb"}


def aim(case, number):
    """Every other request goes to the real cluster, and of these some to what it has."""
    if case.path_parameters is None or "database_cluster_uuid" not in case.path_parameters:
        return
    if case.method == "DELETE" and case.path == "/v2/databases/{database_cluster_uuid}":
        case.path_parameters["database_cluster_uuid"] = str(uuid.uuid4())
    elif number % 2 == 0:
        case.path_parameters["database_cluster_uuid"] = cluster
        if number % 4 == 0:
            for name, value in real_names.items():
                if name in case.path_parameters:
                    case.path_parameters[name] = value


def judge(label, case, response):
    statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
    if response.status_code == 501:
        return
    if response.status_code >= 500:
        findings.setdefault(label, f"{response.status_code} {response.text}\n{case.as_curl_command()}")
        return
    try:
        case.validate_response(response, checks=checks)
    except Exception as failure:
        findings.setdefault(label, f"{response.status_code} {failure}")


def try_operation(operation):
    label = f"{operation.method.upper()} {operation.path}"
    numbers = iter(range(1_000_000))

    @settings(
        max_examples=int(count), deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def attempt(case):
        aim(case, next(numbers))
        judge(label, case, case.call(base_url=address, session=session, verify=authority, timeout=60))

    attempt()


def bounded_life():
    """One cluster is made and destroyed; bodies that are nearly right are refused."""
    body = {"name": "described-life", "engine": "pg", "num_nodes": 1, "size": "db-s-1vcpu-1gb", "region": "nyc1"}
    operation = schema["/v2/databases"]["POST"]
    for change in ({"name": ""}, {"engine": "other"}, {"num_nodes": 9}, {"size": ""}, {"region": "moon"}, {"tags": 1}):
        case = operation.Case(body={**body, **change}, media_type="application/json")
        response = case.call(base_url=address, session=session, verify=authority)
        assert 400 <= response.status_code < 500, (change, response.text)
        judge("POST /v2/databases", case, response)
    case = operation.Case(body=body, media_type="application/json")
    response = case.call(base_url=address, session=session, verify=authority)
    judge("POST /v2/databases", case, response)
    assert response.status_code == 201, response.text
    case = schema["/v2/databases/{database_cluster_uuid}"]["DELETE"].Case(
        path_parameters={"database_cluster_uuid": response.json()["database"]["id"]})
    response = case.call(base_url=address, session=session, verify=authority)
    judge("DELETE /v2/databases/{database_cluster_uuid}", case, response)
    assert response.status_code == 204, response.text


bounded_life()
tried = 0
for result in schema.get_all_operations():
    operation = result.ok()
    if (operation.method.upper(), operation.path) not in left_out:
        try_operation(operation)
        tried += 1
print(tried, "operations;", "answers by status:", json.dumps(dict(sorted(statuses.items()))))
for label, finding in sorted(findings.items()):
    print(f"--- {label}\n{finding}")
print(len(findings), "findings")
