"""An example of each rule: a project in which it finds something, and one close to it in which it finds nothing.

A text stands for a file of the usual name of its area; a mapping for several files.
"""

SERVO = "optimizer: {id: example.com/shop, token: t0ps3cret}\n"
VERIFIED = SERVO + "settings: {ssl_verify: true}\n"
CHECKS = "import servo\nfrom servo import check, require, warn, multicheck, BaseChecks\n"
MANIFEST = """apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: servo
        image: registry.example.com/our/agent:1
        command: [servo]
        args: [servo, run, --check]
"""


def _config(field: str) -> str:
    return f"import pydantic, servo\nclass C(servo.BaseConfiguration):\n    rate: str = {field}\n"


def _model(body: str) -> str:
    return f"import servo\nfrom typing import Optional\nimport pydantic\n{body}"


EXAMPLES: dict[str, tuple[str | dict[str, str], str | dict[str, str]]] = {
    # Documents.
    "yaml-duplicate-key": (SERVO + "wait: {}\nwait:\n  measure_enabled: true\n", SERVO + "wait: {}\n"),
    "yaml-tag": (SERVO + "wait: !!python/dict {}\n", SERVO + "wait: !!map {}\n"),
    "yaml-unquoted-text": (
        "optimizer:\n  id: example.com/shop\n  token: 0123456\nwait: {}\n",
        "name: 12\noptimizer:\n  id: example.com/shop\n  token: 123456789\nwait: {}\n",
    ),
    "yaml-empty-part": (SERVO + "wait:\n", SERVO + "wait: {}\n"),
    "yaml-no-connector": (SERVO, SERVO + "wait: {}\n"),
    "yaml-connectors-expression": (
        SERVO + "connectors: [\"__import__('ours').Connector\"]\n",
        SERVO + "connectors: [ours.module.OursConnector]\n",
    ),
    "yaml-reserved-name": (
        SERVO + "connectors: {settings: load}\nsettings: {}\n",
        SERVO + "connectors: {web-load: load, load: LoadConnector}\nweb-load: {}\nload: {}\n",
    ),
    "yaml-missing-connector": (SERVO + "opsani_dev: {}\n", SERVO + "wait: {}\n"),
    "yaml-load-instead-of-vegeta": (SERVO + "vegeta: {warmup: 30s}\n", SERVO + "vegeta: {duration: 30s}\n"),
    "yaml-order-of-connectors": (
        SERVO + "wait: {}\nours: {}\n",
        SERVO + "connectors: [wait, ours]\nwait: {}\nours: {}\n",
    ),
    "yaml-duration-text": (SERVO + "checks: {wait: about 5m}\n", SERVO + "checks: {wait: 5m}\n"),
    "yaml-checks-duration": (SERVO + "checks: {delay: later}\n", SERVO + "checks: {delay: expo, wait: 30}\n"),
    "yaml-ssl-verify": (SERVO + "wait: {}\n", VERIFIED + "wait: {}\n"),
    "yaml-ssl-verify-false": (SERVO + "settings: {ssl_verify: no}\n", VERIFIED),
    "yaml-timeouts": (SERVO + "settings: {timeouts: {read: 5s}}\n", SERVO + "settings: {backoff: {}}\n"),
    "yaml-pool-timeout": (SERVO + "settings: {timeouts: {pool: 5s}}\n", SERVO + "settings: {timeouts: {read: 5s}}\n"),
    "yaml-partial-backoff": (
        SERVO + "settings: {backoff: {connect: {max_time: 5m}}}\n",
        SERVO + "settings: {backoff: {__default__: {max_time: 5m}, connect: {max_time: 5m}}}\n",
    ),
    "yaml-halt-on-warning": (SERVO + "checks: {halt_on: warning}\n", SERVO + "checks: {halt_on: common}\n"),
    "yaml-checks-wait-zero": (SERVO + "checks: {wait: '0s'}\n", SERVO + "checks: {wait: 10s}\n"),
    "yaml-checks-connectors": (SERVO + "checks: {connectors: [wait]}\n", SERVO + "checks: {connectors: []}\n"),
    "yaml-diagnostics": (SERVO + "no_diagnostics: false\n", SERVO + "no_diagnostics: true\n"),
    "yaml-no-optimizer": (
        "wait: {}\nchecks: {}\n",
        {"servo.yaml": "wait: {}\nchecks: {}\n", ".env": "OPSANI_OPTIMIZER=example.com/shop\n"},
    ),
    "yaml-generated-optimizer": ("optimizer: {id: generated-id.test/generated, token: x}\n", SERVO),
    # Modules.
    "python-missing-module": (
        "import servo\nimport servo.connectors.opsani_dev.deeply\n",
        "import servo.connectors.load\nfrom servo.cli import ConnectorCLI\n"
        "try:\n    import servo.nothing\nexcept ImportError:\n    pass\n",
    ),
    "python-missing-name": (
        "import servo\nfrom servo.events import EventContext, nothing_like_it\n",
        "import servo\ndef f(servo_, servo):\n    return servo.nothing_like_it\n"
        "print(servo.License.apache2, servo.types.Unit.float)\n",
    ),
    "python-star-import": ("from servo.utilities import *\n", "from servo.utilities import commandify\n"),
    "python-debug-builtin": (
        "import servo\ndebug(servo)\n",
        "import servo\nfrom devtools import debug\ndebug(servo)\n",
    ),
    "python-undeclared-dependency": (
        "import servo\nimport httpx\n",
        {"connector.py": "import servo\nimport httpx\n", "requirements.txt": "httpx>=0.23\n"},
    ),
    "python-handler-without-parentheses": (
        "import servo\nclass C(servo.BaseConnector):\n    @servo.on_event\n    def measure(self): ...\n",
        "import servo\nclass C(servo.BaseConnector):\n    @servo.on_event()\n    def measure(self): ...\n",
    ),
    "python-event-stub": (
        "import servo\n@servo.event()\nasync def deploy() -> None: ...\n",
        "import servo\n@servo.event()\nasync def deploy() -> None:\n    ...\n",
    ),
    "python-overridden-handler": (
        {
            "base.py": "import servo\nclass Base(servo.BaseConnector):\n"
            "    @servo.on_event()\n    def measure(self): ...\n",
            "derived.py": "import servo\nfrom base import Base\nclass C(Base):\n    def measure(self): ...\n",
        },
        {
            "base.py": "import servo\nclass Base(servo.BaseConnector):\n    def measure(self): ...\n",
            "derived.py": "import servo\nfrom base import Base\nclass C(Base):\n"
            "    @servo.on_event()\n    def measure(self): ...\n",
        },
    ),
    "python-handler-of-one-object": (
        "import servo\nclass C(servo.BaseConnector):\n    def f(self):\n        self.add_event_handler(1, 2, 3)\n",
        "import servo\nclass C(servo.BaseConnector):\n    ...\nC.add_event_handler(1, 2, 3)\n",
    ),
    "python-repeating-runs": (
        "from servo.repeating import repeating, Mixin\nclass C(Mixin):\n"
        "    @repeating('5s')\n    async def tick(self): ...\n",
        "from servo.repeating import repeating, Mixin\nclass C(Mixin):\n    async def tick(self): ...\n",
    ),
    "python-every-none": (
        "import servo.repeating\ndef f(self):\n    self.start_repeating_task('x', None, f)\n",
        "import servo.repeating\ndef f(self):\n    self.start_repeating_task('x', 0, f)\n",
    ),
    "python-cancelled-outcome": (
        "import servo\ndef f(self):\n    raise servo.EventCancelledError('no')\n",
        "import servo\ndef f(self):\n    raise servo.EventError('no')\n",
    ),
    "python-check-annotation": (
        CHECKS + "class C(BaseChecks):\n    @check('x')\n    def one(self) -> int: ...\n",
        CHECKS + "class C(BaseChecks):\n    @check('x')\n"
        "    def one(self) -> bool | str: ...\n    def two(self) -> int: ...\n",
    ),
    "python-check-without-name": (
        CHECKS + "class C(BaseChecks):\n    @require\n    def one(self): ...\n",
        CHECKS + "class C(BaseChecks):\n    @require(name='One')\n    def one(self): ...\n",
    ),
    "python-check-braces": (
        CHECKS + "class C(BaseChecks):\n    @multicheck('Check {{item}}')\n    def one(self): ...\n",
        CHECKS + "class C(BaseChecks):\n    @multicheck('Check {item}')\n    def one(self): ...\n",
    ),
    "python-warn-check": (
        CHECKS + "class C(BaseChecks):\n    @warn('x')\n    def one(self): ...\n",
        CHECKS + "import warnings\nclass C(BaseChecks):\n    @check('x')\n    def one(self): warnings.warn('x')\n",
    ),
    "python-inherited-multicheck": (
        CHECKS + "class B(BaseChecks):\n    @multicheck('{item}')\n    def one(self): ...\nclass C(B):\n    ...\n",
        CHECKS + "class B(BaseChecks):\n    @multicheck('{item}')\n    def one(self): ...\n",
    ),
    "python-halt-on-warning": (
        "import servo\nf(halt_on=servo.ErrorSeverity.warning)\n",
        "import servo\nf(halt_on=servo.ErrorSeverity.common)\n",
    ),
    "python-secrets-written": (
        "import servo\ndef f(self):\n    return self.config.json()\n",
        "import servo\ndef f(self, response):\n    return self.config.json(show_secrets=True), response.json()\n",
    ),
    "python-field-env": (_config('pydantic.Field("1", env="RATE")'), _config('pydantic.Field("1", description="x")')),
    "python-settings-error": (
        "import servo\nfrom pydantic.env_settings import SettingsError\n"
        "try:\n    f()\nexcept SettingsError:\n    pass\n",
        "import servo\ntry:\n    f()\nexcept ValueError:\n    pass\n",
    ),
    "python-import-errors-of-connectors": (
        "import servo\ntry:\n    servo.Assembly.assemble()\nexcept ModuleNotFoundError:\n    pass\n",
        "import servo\ntry:\n    servo.Assembly.assemble()\nexcept (ModuleNotFoundError, ValueError):\n    pass\n",
    ),
    "python-publisher-without-pause": (
        "import servo\ndef f(self):\n    @self.publish('x')\n"
        "    async def loop(publisher):\n        await publisher(1)\n",
        "import servo\ndef f(self):\n    @self.publish('x', every='1s')\n"
        "    async def loop(publisher):\n        await publisher(1)\n",
    ),
    "python-decorated-name": (
        "import servo\ndef f(self):\n    @self.subscribe('x')\n    def got(message): ...\n    assert got is None\n",
        "import servo\ndef f(self):\n    @self.subscribe('x')\n    def got(message): ...\n",
    ),
    "python-unordered-callback": (
        "import servo\ndef f(self):\n    @self.subscribe('x')\n    async def got(message):\n        await work()\n",
        "import servo\ndef f(self):\n    @self.subscribe('x')\n    async def got(message):\n        work()\n",
    ),
    "python-pubsub-names": (
        "import servo\ntry:\n    x.cancel_subscribers('a')\nexcept AttributeError:\n    pass\n",
        "import servo\ntry:\n    x.cancel_subscribers('a')\nexcept KeyError:\n    pass\n",
    ),
    "python-duration-text": ("import servo\nservo.Duration('5m or so')\n", "import servo\nservo.Duration('5m')\n"),
    "python-negative-step": (
        "import servo\nservo.CPU(min=4, max=1, step=-1)\n",
        "import servo\nservo.CPU(min=1, max=4, step=1)\n",
    ),
    "python-enum-numbers": (
        "import servo\nservo.EnumSetting(name='n', values=[1, 2])\n",
        "import servo\nservo.EnumSetting(name='n', values=['1', '2'])\n",
    ),
    "python-empty-series": (
        "import servo\ntry:\n    self.fast_fail_observer.observe(x)\nexcept IndexError:\n    pass\n",
        "import servo\ntry:\n    self.rows[0]\nexcept IndexError:\n    pass\n",
    ),
    "python-api-client": (
        "from servo.api import get_api_client_for_optimizer\nget_api_client_for_optimizer(1, 2)\n",
        "import servo\nself.get_api_client()\n",
    ),
    "python-diagnostics-api": (
        "import servo\nhandler._diagnostics_api('GET', '/')\n",
        "import servo\nhandler.request('GET', '/')\n",
    ),
    "python-current-assembly": ("import servo\nservo.current_assembly()\n", "import servo\nservo.current_servo()\n"),
    "python-subprocess-group": (
        "import servo\nservo.utilities.run_subprocess_shell('x', timeout=5)\n",
        "import servo\nservo.utilities.run_subprocess_shell('x')\n",
    ),
    "python-exception-group": (
        "import servo\ntry:\n    servo.stream_subprocess_shell('x')\nexcept ExceptionGroup:\n    pass\n",
        "import servo\ntry:\n    servo.stream_subprocess_shell('x')\nexcept ValueError:\n    pass\n",
    ),
    "python-cancelled-runner": (
        "import asyncio\nfrom servo.runner import AssemblyRunner\ntry:\n"
        "    AssemblyRunner(a).run()\nexcept asyncio.CancelledError:\n    pass\n",
        "import asyncio\nimport servo\ntry:\n    work().run()\nexcept asyncio.CancelledError:\n    pass\n",
    ),
    "python-cli-runner": (
        "import servo.cli\nfrom typer.testing import CliRunner\nCliRunner(mix_stderr=False)\n",
        "import servo.cli\nfrom typer.testing import CliRunner\nCliRunner()\n",
    ),
    "python-log-file": ("import servo\nopen('/servo/logs/servo.log')\n", "import servo\nopen('/var/log/ours.log')\n"),
    "python-log-sinks": ("import servo\nservo.logger.add('x.log')\n", "import servo\nservo.logger.info('x')\n"),
    "python-compared-connectors": (
        "import servo\nassert self.connector == connector\n",
        "import servo\nassert self.connector is connector and connector.name == 'x'\n",
    ),
    "python-pydantic-keyword": (
        _config('pydantic.Field("1", regex="^1$")'),
        {"connector.py": _config('pydantic.Field("1", regex="^1$")'), "requirements.txt": "pydantic<2\n"},
    ),
    "python-pydantic-root-validator": (
        _model("class C(servo.BaseConfiguration):\n    @pydantic.root_validator\n    def f(cls, values): ...\n"),
        _model(
            "class C(servo.BaseConfiguration):\n    @pydantic.root_validator(pre=True)\n    def f(cls, values): ...\n"
        ),
    ),
    "python-pydantic-settings": (
        _model("class C(pydantic.BaseSettings):\n    ...\n"),
        _model("class C(servo.BaseConfiguration):\n    ...\n"),
    ),
    "python-pydantic-optional": (
        _model("class C(pydantic.BaseModel):\n    name: Optional[str]\n"),
        _model(
            "class C(servo.BaseModel):\n    name: Optional[str]\n"
            "class D(pydantic.BaseModel):\n    n: Optional[str] = None\n"
        ),
    ),
    # Requirements.
    "requirements-servox": ("servox>=25,<26\n", "servox-rs\nservox-tools\n# servox\n"),
    "requirements-older-servox": ("servox~=2.0\n", "servox>=2.0\n"),
    "requirements-lock": (
        {"poetry.lock": '[[package]]\nname = "servox"\nversion = "25.3.0"\n'},
        {"poetry.lock": '[[package]]\nname = "servox-rs"\nversion = "0.1.0"\n'},
    ),
    "requirements-conflict": ("typer==0.7.0\n", "typer>=0.7\nhttpx==0.23\n"),
    "requirements-pydantic": ("pydantic>=1.9,<2\n", "pydantic>=1.9\n"),
    "requirements-python": (
        {"pyproject.toml": '[project]\nrequires-python = ">=3.8,<3.11"\n'},
        {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.9"\n'},
    ),
    "requirements-connector-package": ("servo-webhooks==1.0\n", "servomotor==1.0\n"),
    # Command lines, images, manifests.
    "command-not-there": (
        "servo inject-sidecar deploy/app\n",
        "servo run\n./servo fly\nservo --help\n# servo inject-sidecar\n",
    ),
    "command-removed-option": ("servo --token-file /t check\n", "servo -c servo.yaml run\n"),
    "command-exit-code": ("servo run || [ $? -eq 1 ]\n", "servo run --check\n"),
    "command-run-name": ("servo --name shop run\n", "servo run\n"),
    "command-no-poll": ("servo run --no-poll\n", "servo run\n"),
    "command-interactive": ("servo run -i\n", "servo run -c\n"),
    "command-run-debug": ("servo run --debug\n", "servo run -d\n"),
    "command-limit": ("servo --limit 2 run\n", "servo run\n"),
    "command-show-options": ("servo -c prod.yaml show metrics\n", "servo show -c prod.yaml metrics\n"),
    "command-log-level": ("servo -l debug run\n", "servo -l DEBUG run\n"),
    "command-config-secrets": ("servo config -o all.yaml\n", "servo config --show-secrets\n"),
    "command-validate-file": ("servo -c prod.yaml validate\n", "servo validate -f prod.yaml\n"),
    "command-generate": (
        "servo generate wait\nsed -i s,generated-id.test/generated,a/b, servo.yaml\n",
        "servo generate wait\n",
    ),
    "command-poetry-run": ({"entrypoint.sh": '#!/bin/sh\nexec poetry run servo "$@"\n'}, 'exec servo "$@"\n'),
    "command-install-servox": ("pip install 'servox>=25' httpx\n", "pip install servox-rs\n"),
    "command-servox-image": (
        {"Dockerfile": "FROM opsani/servox:v25\n"},
        {"Dockerfile": "FROM python:3.12\n# FROM opsani/servox\n"},
    ),
    "command-vegeta-program": (
        {"Dockerfile": "COPY --from=peterevans/vegeta /bin/vegeta /bin/vegeta\nRUN servo version\n"},
        {"Dockerfile": "RUN servo version\n"},
    ),
    "command-log-file": ("servo run &\ntail -f /servo/logs/servo.log\n", "servo run &\ntail -f /var/log/ours.log\n"),
    "command-grace-period": (
        {"deploy.yaml": MANIFEST},
        {
            "deploy.yaml": MANIFEST.replace(
                "      containers", "      terminationGracePeriodSeconds: 60\n      containers"
            )
        },
    ),
    "command-success-status": (
        {"servo.service": "[Service]\nExecStart=/usr/bin/servo run\nSuccessExitStatus=0 1\n"},
        {"servo.service": "[Service]\nExecStart=/usr/bin/servo run\n"},
    ),
    # Variables.
    "env-leaked": ({".env": "CONTAINER_ALIAS=main\n"}, {".env": "SERVO_WAIT_MEASURE_ENABLED=true\nMEMORY_LIMIT=1\n"}),
    "env-fast-fail": (
        {".env": "PERIOD=60s\n"},
        {".env": "FAST_FAIL_PERIOD=60s\n", "run.sh": "SKIP=1 make lint # servo\n"},
    ),
    "env-servo-name": (
        {".env": "SERVO_NAME=shop\n", "servo.yaml": SERVO + "wait: {}\n---\n" + SERVO + "wait: {}\n"},
        {".env": "SERVO_NAME=shop\n", "servo.yaml": SERVO + "wait: {}\n"},
    ),
    "env-connectors": ({".env": "SERVO_CONNECTORS='[\"wait\"]'\n"}, {".env": "# SERVO_CONNECTORS=x\n"}),
    "env-older-name": ({".env": "CHECKS_WAIT=5m\n"}, {".env": "SERVO_CHECKS_WAIT=5m\n"}),
    "env-common-timeouts": ({".env": "COMMON_TIMEOUTS=5s\n"}, {".env": 'COMMON_TIMEOUTS={"read": "5s"}\n'}),
    "env-alias-with-dash": (
        {"compose.yaml": "services: {s: {environment: {\n  SERVO_MY-LOAD_RATE: 5}}}\n"},
        {".env": "SERVO_MY_LOAD_RATE=5\n"},
    ),
    "env-log-level": ({".env": "SERVO_LOG_LEVEL=debug\n"}, {".env": "SERVO_LOG_LEVEL=DEBUG\n"}),
    "env-run-debug": ({".env": "SERVO_RUN_DEBUG=1\n"}, {".env": "SERVO_RUN_DEBUG=0\n"}),
    "env-no-color": ({".env": "NO_COLOR=0\n"}, {".env": "NO_COLOR=1\n"}),
    "env-diagnostics": ({".env": "SERVO_NO_DIAGNOSTICS=false\n"}, {".env": "SERVO_NO_DIAGNOSTICS=true\n"}),
}

USUAL = {
    "yaml": "servo.yaml",
    "python": "connector.py",
    "requirements": "requirements.txt",
    "command": "run.sh",
    "env": ".env",
}


def files_of(rule: str, example: str | dict[str, str]) -> dict[str, str]:
    """The files of an example."""
    return {USUAL[rule.partition("-")[0]]: example} if isinstance(example, str) else example
