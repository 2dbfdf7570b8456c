"""The OpenAPI description is complete and true."""

import re
from typing import Any

import pytest
from litestar import Litestar
from litestar.exceptions import ValidationException
from litestar.testing import TestClient

from rankmart_serving import text_ids

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@pytest.fixture
def schema(client: TestClient[Litestar]) -> dict[str, Any]:
    response = client.get("/schema/openapi.json")
    assert response.status_code == 200
    content: dict[str, Any] = response.json()
    return content


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_described(client: TestClient[Litestar], schema: dict[str, Any]) -> None:
    served = {
        f"{method} {route.path_format}"
        for route in client.app.routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS" and route.path_format.startswith(("/v1", "/health"))
    }

    assert set(operations(schema)) == served
    assert "GET /v1/users/{user_id}/recommendations" in served


def test_every_operation_has_a_summary_a_description_and_documented_problems(
    schema: dict[str, Any],
) -> None:
    for name, operation in operations(schema).items():
        assert operation["summary"], name
        assert operation["description"], name
        problems = {
            status: response["content"]
            for status, response in operation["responses"].items()
            if status not in ("200", "201")
        }
        assert "500" in problems, name
        for status, content in problems.items():
            assert content["application/problem+json"]["schema"] == PROBLEM, (name, status)
            (example,) = content["application/problem+json"]["examples"].values()
            assert example["value"]["status"] == int(status)


def test_the_problems_of_recommendations_and_ready_are_documented(
    schema: dict[str, Any],
) -> None:
    described = operations(schema)

    recommendations = described["GET /v1/users/{user_id}/recommendations"]
    assert set(recommendations["responses"]) == {"200", "400", "404", "500", "503"}
    assert set(described["GET /health/ready"]["responses"]) == {"200", "500", "503"}


def test_the_limits_of_k_are_those_of_the_settings(schema: dict[str, Any]) -> None:
    parameters = operations(schema)["GET /v1/users/{user_id}/recommendations"]["parameters"]
    limits = {parameter["name"]: parameter["schema"] for parameter in parameters}

    assert (limits["k"]["minimum"], limits["k"]["maximum"], limits["k"]["default"]) == (1, 50, 2)
    assert (limits["user_id"]["minLength"], limits["user_id"]["maxLength"]) == (1, 256)
    assert all(parameter["examples"] for parameter in parameters)


def test_an_answer_has_just_the_fields_that_are_described(
    client: TestClient[Litestar], schema: dict[str, Any]
) -> None:
    structs = schema["components"]["schemas"]
    answer = client.get("/v1/users/ann/recommendations").json()

    # Those of experiments are there only where one is on; tests/experiments has one.
    assert set(answer) == set(structs["Recommendations"]["required"])
    assert set(answer["items"][0]) == set(structs["RecommendedItem"]["properties"])
    assert set(answer["items"][0]["reason"]) == set(structs["Reason"]["properties"])


def test_the_schema_has_a_page_that_needs_no_other_server(client: TestClient[Litestar]) -> None:
    page = client.get("/schema")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r"(?:src|href)=\"([^\"#]+)\"", page.text)
    assert {"/static/schema.js", "/static/schema.css", "/static/page.css"} <= set(named)
    for name in named:
        assert name.startswith("/"), name
        found = client.get(name)
        assert found.status_code == 200, name
        texts = re.findall(r"https?://[^\s'\"]+", found.text)
        assert set(texts) <= {"http://www.w3.org/2000/svg"}, name
    assert "http" not in page.text.replace("http-equiv", "")


ONE_LINE = re.compile(text_ids.ONE_LINE)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("A1", True),
        ("漢字 🧴 '; --", True),
        ("", False),
        ("a\x00b", False),
        ("a\nb", False),
        ("\x7f", False),
        ("a\x85", False),
    ],
)
def test_the_description_says_of_ids_what_is_checked(text: str, is_one: bool) -> None:
    assert bool(ONE_LINE.match(text)) == is_one
    if is_one:
        assert text_ids.checked("user_id", text) == text
    else:
        with pytest.raises(ValidationException):
            text_ids.checked("user_id", text)


def test_ids_in_bodies_and_lists_are_described(schema: dict[str, Any]) -> None:
    structs = schema["components"]["schemas"]
    event = structs["NewEvent"]["properties"]
    ids = [
        structs["BatchQuestion"]["properties"]["user_ids"]["items"],
        structs["SessionQuestion"]["properties"]["product_ids"]["items"],
        *(event[name] for name in ("event_id", "user_id", "product_id", "recommendation_id")),
    ]
    for described in operations(schema).values():
        for parameter in described.get("parameters", ()):
            if parameter["name"] in ("user_id", "product_id"):
                ids.append(parameter["schema"])
            if parameter["name"] == "exclude":
                ids.append(parameter["schema"]["items"])

    assert len(ids) >= 12
    for one in ids:
        assert (one["minLength"], one["pattern"]) == (1, text_ids.ONE_LINE)


def test_limits_of_the_settings_and_of_fields_together_are_described(
    schema: dict[str, Any],
) -> None:
    structs = schema["components"]["schemas"]

    assert structs["BatchQuestion"]["properties"]["k"]["maximum"] == 50
    assert structs["SessionQuestion"]["properties"]["k"]["maximum"] == 50
    assert structs["BatchQuestion"]["properties"]["user_ids"]["maxItems"] == 1000
    assert structs["NewEvents"]["properties"]["events"]["maxItems"] == 1000
    assert structs["NewEvent"]["if"]["properties"]["kind"] == {"const": "rating"}
    assert structs["NewEvent"]["then"]["required"] == ["rating"]
    for name in ("BatchQuestion", "SessionQuestion", "NewEvent", "NewEvents"):
        assert structs[name]["additionalProperties"] is False
