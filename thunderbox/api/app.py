"""The application: every route, how errors are answered, and the OpenAPI document."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

import thunderbox
from thunderbox.api import errors
from thunderbox.api.agents import AgentsController
from thunderbox.api.api_keys import ApiKeysController
from thunderbox.api.billing import BillingController
from thunderbox.api.calls import CallsController
from thunderbox.api.demo import DemoController
from thunderbox.api.document import DocumentPlugin
from thunderbox.api.grades import GradesController
from thunderbox.api.health import healthz, readyz
from thunderbox.api.identities import Identities
from thunderbox.api.integrations import IntegrationsController
from thunderbox.api.invites import InvitesController
from thunderbox.api.issue_reports import CallIssueReportsController, IssueReportsController
from thunderbox.api.limits import Limits
from thunderbox.api.members import MembersController, leave
from thunderbox.api.mic_session import create_mic_session
from thunderbox.api.organization_webhook import OrganizationWebhookController
from thunderbox.api.organizations import OrganizationsController
from thunderbox.api.outbound import place_call
from thunderbox.api.parts import Parts
from thunderbox.api.phone_number_labels import PhoneNumberLabelsController
from thunderbox.api.phone_numbers import PhoneNumbersController
from thunderbox.api.prompt_helpers import PromptHelpersController
from thunderbox.api.publishable_keys import PublishableKeysController
from thunderbox.api.receipts import read_receipt_page
from thunderbox.api.recordings import read_recording
from thunderbox.api.reference import read_reference
from thunderbox.api.request import ApiRequest
from thunderbox.api.sessions import SessionsController
from thunderbox.api.signalling import signalling_route
from thunderbox.api.simulations import SimulationsController
from thunderbox.api.supervision import SupervisionController
from thunderbox.api.tokens import TokensController
from thunderbox.api.tool_tests import ask_endpoint
from thunderbox.api.usage import Usage
from thunderbox.api.voices import list_voices, read_voice_sample
from thunderbox.api.voip_connections import VoipConnectionsController
from thunderbox.api.webhook_deliveries import WebhookDeliveriesController
from thunderbox.api.webhook_endpoints import WebhookEndpointsController
from thunderbox.api.whoami import whoami
from thunderbox.api.widget_access import HEADER
from thunderbox.api.widget_demo import read_widget_demo
from thunderbox.api.widget_files import read_widget_script, read_widget_style
from thunderbox.api.widget_session import WidgetSessionController

ROUTES = (
    healthz,
    readyz,
    whoami,
    SessionsController,
    TokensController,
    OrganizationsController,
    MembersController,
    leave,
    InvitesController,
    ApiKeysController,
    PromptHelpersController,
    AgentsController,
    list_voices,
    read_voice_sample,
    PhoneNumbersController,
    PhoneNumberLabelsController,
    VoipConnectionsController,
    CallsController,
    SupervisionController,
    GradesController,
    CallIssueReportsController,
    IssueReportsController,
    place_call,
    create_mic_session,
    WidgetSessionController,
    ask_endpoint,
    IntegrationsController,
    PublishableKeysController,
    WebhookEndpointsController,
    WebhookDeliveriesController,
    OrganizationWebhookController,
    SimulationsController,
    read_recording,
    BillingController,
    read_receipt_page,
    DemoController,
    read_reference,
    read_widget_script,
    read_widget_style,
    read_widget_demo,
)


def create_app(parts: Parts) -> Litestar:
    """An ASGI application that answers with these parts; it does not close them."""
    usage = Usage(parts.db)
    rooms = [] if parts.signalling is None else [signalling_route(parts.signalling)]
    return Litestar(
        route_handlers=[*ROUTES, *rooms],
        request_class=ApiRequest,
        exception_handlers=errors.handlers(),
        request_max_body_size=errors.BODY_LIMIT,
        state=State(
            {
                "parts": parts,
                "identities": Identities(),
                "usage": usage,
                "limits": Limits(
                    parts.settings.limits,
                    sessions_per_minute=parts.settings.web.sessions_per_minute,
                ),
            },
            deep_copy=False,
        ),
        on_shutdown=[usage.drain],
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="ThunderBox",
            version=thunderbox.__version__,
            description="The REST API of a self-hosted phone agent.",
            use_handler_docstrings=True,
            path="/v1/openapi.json",
            render_plugins=[DocumentPlugin(path="/")],
            components=Components(
                security_schemes={
                    "key": SecurityScheme(type="http", scheme="bearer"),
                    "publishable": SecurityScheme(
                        type="apiKey",
                        security_scheme_in="header",
                        name=HEADER,
                        description="`pk_live_…` of /v1/publishable-key, for widget sessions only",
                    ),
                    "person": SecurityScheme(
                        type="apiKey",
                        security_scheme_in="header",
                        name="Authorization",
                        description="`Token tbs_…` of POST /v1/auth/sign-in, or a personal token",
                    ),
                }
            ),
            security=[{"key": []}, {"person": []}],
        ),
    )
