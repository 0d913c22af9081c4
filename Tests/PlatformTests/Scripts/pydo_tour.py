"""What pydo offers for a managed PostgreSQL cluster and its neighbours, each used once against a running Atoll.

Arguments: address, token, how the authority is trusted, the authority's file.
"""

import base64
import sys
import time
import urllib.parse

import psycopg2
import pydo
from azure.core.exceptions import HttpResponseError

endpoint, token, trust, authority = sys.argv[1:5]
options = {"connection_verify": authority} if trust == "connection_verify" else {}
client = pydo.Client(token=token, endpoint=endpoint, **options)
databases = client.databases


def refused(status, call, *arguments, **names):
    try:
        answer = call(*arguments, **names)
    except HttpResponseError as error:
        assert error.status_code == status, error
    else:
        # pydo gives a 404's body back instead of raising it.
        assert status == 404 and answer["id"] == "not_found", answer


def check_connection(connection, user):
    address = urllib.parse.urlsplit(connection["uri"])
    assert urllib.parse.unquote(address.password) == connection["password"]
    assert (address.hostname, address.port, address.username) == (connection["host"], connection["port"], user)
    assert connection["user"] == user and connection["ssl"] is True
    with psycopg2.connect(connection["uri"]) as session:
        session.cursor().execute("SELECT 1")
    session.close()


def create():
    refused(401, pydo.Client(token="dop_v1_wrong", endpoint=endpoint, **options).account.get)
    offered = databases.list_options()["options"]["pg"]
    size = offered["layouts"][0]["sizes"][0]
    made = databases.create_cluster(
        {"name": "pydo-tour", "engine": "pg", "version": offered["versions"][0], "region": "nyc3", "size": size,
         "num_nodes": 1, "tags": ["production"]})["database"]
    assert made["status"] == "creating" and made["connection"]["password"], made
    deadline = time.monotonic() + 90
    while (cluster := databases.get_cluster(made["id"])["database"])["status"] != "online":
        assert time.monotonic() < deadline, cluster
        time.sleep(0.2)
    # doctl prints what the create answer said.
    assert cluster["connection"] == made["connection"]
    check_connection(cluster["connection"], "doadmin")
    assert cluster["tags"] == ["production"] and cluster["db_names"] == ["defaultdb"]
    assert [c["id"] for c in databases.list_clusters()["databases"]] == [made["id"]]
    assert [c["id"] for c in databases.list_clusters(tag_name="production")["databases"]] == [made["id"]]
    assert databases.list_clusters(tag_name="other")["databases"] == []
    return cluster


def users(cluster):
    made = databases.add_user(cluster["id"], {"name": "app"})["user"]
    login = dict(host=cluster["connection"]["host"], port=cluster["connection"]["port"], user="app",
                 dbname="defaultdb", sslmode="verify-full", sslrootcert=authority)
    psycopg2.connect(password=made["password"], **login).close()
    assert databases.get_user(cluster["id"], "app")["user"] == made
    names = [user["name"] for user in databases.list_users(cluster["id"])["users"]]
    assert names == ["doadmin", "app"], names
    new = databases.reset_auth(cluster["id"], "app", {})["user"]
    assert new["password"] != made["password"]
    psycopg2.connect(password=new["password"], **login).close()
    updated = databases.update_user(cluster["id"], "app", {"settings": {"pg_allow_replication": True}})["user"]
    assert updated["settings"]["pg_allow_replication"] is True
    databases.delete_user(cluster["id"], "app")
    refused(404, databases.get_user, cluster["id"], "app")


def logical_databases(cluster):
    assert databases.add(cluster["id"], {"name": "shop"})["db"]["name"] == "shop"
    assert [db["name"] for db in databases.list(cluster["id"])["dbs"]] == ["defaultdb", "shop"]
    assert databases.get(cluster["id"], "shop")["db"]["name"] == "shop"
    databases.delete(cluster["id"], "shop")
    refused(404, databases.get, cluster["id"], "shop")


def settings(cluster):
    id = cluster["id"]
    databases.update_firewall_rules(id, {"rules": [{"type": "ip_addr", "value": "127.0.0.1"}]})
    rules = databases.list_firewall_rules(id)["rules"]
    assert [rule["value"] for rule in rules] == ["127.0.0.1"] and rules[0]["cluster_uuid"] == id
    databases.update_firewall_rules(id, {"rules": []})
    databases.patch_config(id, {"config": {"work_mem": 16, "timescaledb": {"max_background_workers": 8}}})
    config = databases.get_config(id)["config"]
    assert config["work_mem"] == 16 and config["timescaledb"]["max_background_workers"] == 8
    refused(422, databases.patch_config, id, {"config": {"work_mem": 0}})
    databases.update_maintenance_window(id, {"day": "tuesday", "hour": "14:00"})
    window = databases.get_cluster(id)["database"]["maintenance_window"]
    assert (window["day"], window["hour"]) == ("tuesday", "14:00:00"), window
    authority_text = base64.b64decode(databases.get_ca(id)["ca"]["certificate"]).decode()
    with open(authority) as file:
        assert authority_text == file.read()
    kinds = [event["event_type"] for event in databases.list_events_logs(id)["events"]]
    assert "cluster_create" in kinds and "cluster_update" in kinds, kinds
    databases.update_cluster_metrics_credentials(
        {"credentials": {"basic_auth_username": "scraper", "basic_auth_password": "a-password-of-mine"}})
    assert databases.get_cluster_metrics_credentials()["credentials"]["basic_auth_username"] == "scraper"
    refused(501, databases.update_cluster_size, id, {"size": "db-s-1vcpu-2gb", "num_nodes": 1})


def neighbours(cluster):
    id = cluster["id"]
    assert client.account.get()["account"]["status"] == "active"
    assert "nyc3" in [region["slug"] for region in client.regions.list()["regions"]]
    assert "sizes" in client.sizes.list()
    client.tags.create({"name": "tour"})
    client.tags.assign_resources("tour", {"resources": [{"resource_id": id, "resource_type": "database"}]})
    assert set(databases.get_cluster(id)["database"]["tags"]) == {"production", "tour"}
    client.tags.unassign_resources("tour", {"resources": [{"resource_id": id, "resource_type": "database"}]})
    client.tags.delete("tour")
    assert databases.get_cluster(id)["database"]["tags"] == ["production"]
    project = client.projects.create({"name": "tour", "purpose": "Web Application"})["project"]
    urn = f"do:dbaas:{id}"
    client.projects.assign_resources(project["id"], {"resources": [urn]})
    resources = client.projects.list_resources(project["id"])["resources"]
    assert [resource["urn"] for resource in resources] == [urn]
    default = client.projects.get_default()["project"]
    client.projects.assign_resources(default["id"], {"resources": [urn]})
    client.projects.delete(project["id"])
    assert default["id"] in [p["id"] for p in client.projects.list()["projects"]]
    vpc = client.vpcs.create({"name": "tour", "region": "nyc3", "ip_range": "10.77.0.0/24"})["vpc"]
    assert client.vpcs.get(vpc["id"])["vpc"]["ip_range"] == "10.77.0.0/24"
    assert vpc["id"] in [v["id"] for v in client.vpcs.list()["vpcs"]]
    client.vpcs.delete(vpc["id"])
    assert client.actions.list()["actions"] == []


cluster = create()
for step in (users, logical_databases, settings, neighbours):
    step(cluster)
    print(step.__name__)
databases.destroy_cluster(cluster["id"])
refused(404, databases.get_cluster, cluster["id"])
assert databases.list_clusters()["databases"] == []
client.tags.delete("production")
print("done")
