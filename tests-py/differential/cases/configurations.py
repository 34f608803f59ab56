"""Configuration classes of connectors, as people write them."""

import enum
import json
import os
import pathlib
from typing import Any, Dict, List, Optional, Union

import pydantic
import yaml
from report import attempt, show

import servo
import servo.configuration
from servo.configuration import AbstractBaseConfiguration, BaseConfiguration


class TargetFormat(enum.StrEnum):
    http = "http"
    json = "json"


class Endpoint(pydantic.BaseModel):
    url: pydantic.AnyHttpUrl
    weight: float = 1.0
    headers: Dict[str, str] = {}


class Credentials(BaseConfiguration):
    user: str = "admin"
    password: Optional[pydantic.SecretStr] = None


class LoadGenConfiguration(BaseConfiguration):
    """Settings of a load generator."""

    rate: str = pydantic.Field(description="Requests per second, e.g. `50/1s`")
    duration: servo.Duration = "5m"
    format: TargetFormat = TargetFormat.http
    target: Optional[str] = pydantic.Field(None, description="One target")
    targets: Optional[pydantic.FilePath]
    endpoints: List[Endpoint] = []
    workers: int = pydantic.Field(10, gt=0, le=100)
    insecure: bool = False
    reporting_interval: servo.Duration = "15s"
    metrics: List[servo.Metric] = pydantic.Field(default_factory=lambda: [servo.Metric("tp", "rps")])
    credentials: Credentials = Credentials()
    tags: Union[str, List[str]] = []
    opaque: Any = None

    @pydantic.validator("rate")
    def validate_rate(cls, value):
        if value in ("0", "infinity"):
            return value
        parts = value.split("/")
        if len(parts) != 2 or not parts[0].isdigit():
            raise ValueError(f"rate strings are of the form hits/interval (got {value!r})")
        servo.Duration(parts[1])
        return value

    @pydantic.root_validator(pre=True)
    def one_target(cls, values):
        if values.get("target") and values.get("endpoints"):
            raise ValueError("target and endpoints cannot both be given")
        return values

    @pydantic.validator("tags", pre=True)
    def split_tags(cls, value):
        return value.split(",") if isinstance(value, str) else value

    @classmethod
    def generate(cls, **kwargs) -> "LoadGenConfiguration":
        return cls(rate="50/1s", target="GET https://example.com/", description="Update me", **kwargs)

    class Config:
        json_encoders = BaseConfiguration.json_encoders({pathlib.Path: lambda path: str(path)})


show("title", LoadGenConfiguration.__config__.title if hasattr(LoadGenConfiguration, "__config__") else None)
config = LoadGenConfiguration(rate="50/1s", target="GET http://localhost")
show("repr", repr(config))
show("values", [config.duration, config.format.value, config.targets, config.workers, config.metrics, config.tags, config.description])
show("duration type", type(config.duration).__name__)
attempt("json", lambda: json.loads(config.json()))
attempt("json exact", lambda: config.json(exclude_unset=True))
attempt("json indented", lambda: config.json(include={"rate", "duration"}, indent=2))
attempt("yaml", config.yaml)
attempt("yaml of what is set", lambda: config.yaml(exclude_unset=True))
attempt("yaml without defaults, sorted", lambda: config.yaml(exclude_defaults=True, sort_keys=True))
attempt("yaml of some", lambda: config.yaml(include={"rate", "duration", "metrics"}))
attempt("dict", lambda: config.dict(exclude={"metrics", "credentials"}))
attempt("dict of what is set", lambda: config.dict(exclude_unset=True))
attempt("fields", lambda: list(LoadGenConfiguration.__fields__))
attempt("fields set", lambda: config.__fields_set__)
attempt("generate", lambda: LoadGenConfiguration.generate().dict(exclude_unset=True))
attempt("generate yaml", lambda: LoadGenConfiguration.generate(workers=5).yaml(exclude_unset=True))
attempt("base generate", lambda: repr(BaseConfiguration.generate(description="x")))
attempt("copy", lambda: config.copy(update={"workers": 3}).workers)
attempt("copy equal", lambda: [config.copy() == config, config.copy(deep=False) is config])
attempt("construct", lambda: repr(BaseConfiguration.construct()))
attempt("tags", lambda: LoadGenConfiguration(rate="0", tags="a,b").tags)
attempt("parse_obj", lambda: LoadGenConfiguration.parse_obj({"rate": "1/1s", "duration": 30, "workers": "7"}).dict(include={"duration", "workers"}))
attempt("nested", lambda: LoadGenConfiguration(rate="0", endpoints=[{"url": "http://a.example/", "weight": "2"}]).endpoints[0].weight)
attempt("nested by class", lambda: LoadGenConfiguration(rate="0", credentials={"user": "root", "password": "x"}).credentials.user)
attempt("secret masked", lambda: repr(LoadGenConfiguration(rate="0", credentials={"password": "topsecret"}).credentials))
attempt("secret read", lambda: Credentials(password="topsecret").password.get_secret_value())
attempt("secret dumped", lambda: json.loads(Credentials(password="topsecret").json()))

attempt("missing", LoadGenConfiguration)
attempt("unknown key", LoadGenConfiguration, rate="0", bogus=1)
attempt("rule", LoadGenConfiguration, rate="fast")
attempt("rule behind a duration", LoadGenConfiguration, rate="5/x")
attempt("rule of the whole", LoadGenConfiguration, rate="0", target="a", endpoints=[{"url": "http://a.example"}])
attempt("wrong types", LoadGenConfiguration, rate="0", duration="soon", workers="many", insecure="maybe", format="xml")
attempt("limits", LoadGenConfiguration, rate="0", workers=0)
attempt("upper limit", LoadGenConfiguration, rate="0", workers=101)
attempt("nested errors", LoadGenConfiguration, rate="0", endpoints=[{"url": "nope"}, {"weight": 1}])
attempt("missing file", LoadGenConfiguration, rate="0", targets="/nowhere/at/all")
attempt("null for a value", LoadGenConfiguration, rate=None)
attempt("null for an option", lambda: LoadGenConfiguration(rate="0", target=None).target)


def first_line(**values):
    try:
        LoadGenConfiguration(**values)
    except pydantic.ValidationError as error:
        return str(error).splitlines()[0]


show("first line of errors", first_line(rate="0", bogus=1))
show("first line of several errors", first_line(workers="x"))


def assign(**values):
    fresh = LoadGenConfiguration(rate="0")
    for name, value in values.items():
        setattr(fresh, name, value)
    return {name: getattr(fresh, name) for name in values}


attempt("assigned", lambda: assign(duration="1h", workers="5"))
attempt("assigned wrongly", lambda: assign(workers="five"))
attempt("assigned unknown", lambda: assign(bogus=1))

attempt("schema title", lambda: LoadGenConfiguration.schema()["title"])
attempt("schema required", lambda: LoadGenConfiguration.schema().get("required"))
attempt("schema extra", lambda: LoadGenConfiguration.schema().get("additionalProperties"))
attempt("schema of a text", lambda: LoadGenConfiguration.schema()["properties"]["rate"])
attempt("schema of a duration", lambda: LoadGenConfiguration.schema()["properties"]["duration"])
attempt("schema of a number", lambda: LoadGenConfiguration.schema()["properties"]["workers"])
attempt("schema of an option", lambda: LoadGenConfiguration.schema()["properties"]["target"])
attempt("schema of an enum", lambda: LoadGenConfiguration.schema()["definitions"]["TargetFormat"])
attempt("schema of a list", lambda: LoadGenConfiguration.schema()["properties"]["endpoints"])
attempt("schema definitions", lambda: sorted(LoadGenConfiguration.schema()["definitions"]))
attempt("schema json env", lambda: json.loads(LoadGenConfiguration.schema_json())["properties"]["rate"]["env_names"])
attempt("base schema", lambda: json.loads(BaseConfiguration.schema_json()))


def from_environment():
    os.environ["LOAD_GEN_RATE"] = "9/1s"
    os.environ["LOAD_GEN_WORKERS"] = "3"
    os.environ["LOAD_GEN_TAGS"] = '["x"]'
    try:
        fresh = LoadGenConfiguration()
        return fresh.rate, fresh.workers, LoadGenConfiguration(rate="1/1s").rate
    finally:
        for name in ("LOAD_GEN_RATE", "LOAD_GEN_WORKERS", "LOAD_GEN_TAGS"):
            del os.environ[name]


attempt("environment", from_environment)


class DNSConfiguration(BaseConfiguration):
    zone: str = pydantic.Field("example.com", env="DNS_ZONE")


attempt("capitals", lambda: json.loads(DNSConfiguration.schema_json())["properties"])


class StagingDNSConfiguration(DNSConfiguration):
    ttl: servo.Duration = "1m"


attempt("titles of subclasses", lambda: StagingDNSConfiguration.schema()["title"])


class TitledConfiguration(BaseConfiguration):
    class Config:
        title = "A title of its own"
        extra = pydantic.Extra.allow


attempt("own title", lambda: [TitledConfiguration.schema()["title"], TitledConfiguration(colour="red").colour])


class Hook(pydantic.BaseModel):
    event: str
    command: List[str]
    timeout: Optional[servo.Duration]


class HooksConfiguration(AbstractBaseConfiguration):
    __root__: List[Hook]

    def __iter__(self):
        return iter(self.__root__)

    def __len__(self):
        return len(self.__root__)


attempt("custom root", lambda: [len(HooksConfiguration(__root__=[{"event": "adjust", "command": ["a"]}]))])
attempt("custom root parsed", lambda: [hook.event for hook in HooksConfiguration.parse_obj([{"event": "adjust", "command": ["a"], "timeout": "5s"}])])
attempt("custom root error", lambda: HooksConfiguration.parse_obj([{"event": "adjust"}]))
attempt("custom root json", lambda: HooksConfiguration.parse_obj([{"event": "adjust", "command": ["a"], "timeout": "5s"}]).json())
attempt("custom root yaml", lambda: HooksConfiguration.parse_obj([{"event": "a", "command": ["b"], "timeout": 90}]).yaml())

pathlib.Path("load.yaml").write_text("rate: 10/1s\nduration: 90\n---\nrate: '0'\nworkers: 3\n")
pathlib.Path("keyed.yaml").write_text("load:\n  rate: 10/1s\n")
pathlib.Path("empty.yaml").write_text("")
attempt("file", lambda: [one.json(exclude_unset=True) for one in LoadGenConfiguration.parse_file(pathlib.Path("load.yaml"))])
attempt("file by key", lambda: [one.rate for one in LoadGenConfiguration.parse_file(pathlib.Path("keyed.yaml"), key="load")])
attempt("file by a wrong key", lambda: LoadGenConfiguration.parse_file(pathlib.Path("keyed.yaml"), key="x"))
attempt("empty file", lambda: LoadGenConfiguration.parse_file(pathlib.Path("empty.yaml")))
attempt("round trip", lambda: LoadGenConfiguration.parse_obj(yaml.safe_load(config.yaml())) == config)
show("logger", [hasattr(config, "logger"), type(config.logger).__name__])
attempt("private attribute", lambda: type("PConfiguration", (BaseConfiguration,), {"_cache": pydantic.PrivateAttr(default=5), "__module__": __name__})()._cache)


class Late(servo.BaseModel):
    """A plain model of the package."""

    name: str
    every: servo.Duration = "1m"
    mode: TargetFormat = "json"
    where: Optional[pathlib.Path] = None
    many: Dict[str, List[int]] = {}

    @pydantic.validator("many", each_item=False)
    def not_too_many(cls, value):
        assert len(value) < 3, "at most two"
        return value


attempt("model", lambda: repr(Late(name="x")))
attempt("model json", lambda: Late(name="x", where="/tmp", many={"a": [1]}).json())
attempt("model ignores", lambda: repr(Late(name="x", bogus=1)))
attempt("model asserts", lambda: Late(name="x", many={"a": [], "b": [], "c": []}))
attempt("model sorted", lambda: Late(name="x").json(sort_keys=True, exclude_none=True))
attempt("model equality", lambda: Late(name="x") == Late(name="x", every=60))
attempt("model parse raw", lambda: Late.parse_raw('{"name": "y"}').name)
