"""Environment variables, and which of the sources wins."""

import asyncio
import os
from typing import Dict, List, Optional

from report import attempted, show

import servo
from servo import Assembly, BaseConfiguration, BaseConnector


class TunerConfiguration(BaseConfiguration):
    rate: int = 5
    mode: str = "slow"
    limits: Dict[str, int] = {}
    hosts: List[str] = []
    every: servo.Duration = "1m"
    comment: Optional[str] = None


class TunerConnector(BaseConnector):
    config: TunerConfiguration


OPTIMIZER = {"id": "example.com/app", "token": "123"}


async def case(label, variables, document):
    os.environ.update(variables)
    try:
        await attempted(label, look(document))
    finally:
        for name in variables:
            del os.environ[name]


async def look(document):
    assembly = await Assembly.assemble(configs=[document])
    unit = assembly.servos[0]
    tuner = getattr(unit.config, "tuner", None) or getattr(unit.config, "my_tuner", None)
    return [unit.name, unit.optimizer.id, tuner and tuner.dict(), unit.config.servo_uid, unit.config.no_diagnostics]


async def main():
    base = {"optimizer": OPTIMIZER, "connectors": ["tuner"], "tuner": {}}
    await case("nothing", {}, base)
    await case("field", {"SERVO_TUNER_RATE": "9"}, base)
    await case("file wins", {"SERVO_TUNER_RATE": "9"}, {**base, "tuner": {"rate": 7}})
    await case("wrong field", {"SERVO_TUNER_RATE": "fast"}, base)
    await case("json fields", {"SERVO_TUNER_LIMITS": '{"a": 1}', "SERVO_TUNER_HOSTS": '["x"]', "SERVO_TUNER_EVERY": "5m"}, base)
    await case("merged", {"SERVO_TUNER_LIMITS": '{"a": 1, "b": 2}'}, {**base, "tuner": {"limits": {"a": 9}}})
    await case("block", {"SERVO_TUNER": '{"rate": 3, "mode": "fast"}'}, {**base, "tuner": {"mode": "file"}})
    await case("required block", {"SERVO_TUNER": '{"rate": 3}'}, {"optimizer": OPTIMIZER, "connectors": ["tuner"]})
    await case("alias", {"SERVO_MY_TUNER_RATE": "4"}, {"optimizer": OPTIMIZER, "connectors": {"my_tuner": "tuner"}, "my_tuner": {}})
    await case("class level is not read", {"TUNER_RATE": "77"}, base)
    await case("names", {"SERVO_NAME": "envy", "SERVO_UID": "u-9", "SERVO_NO_DIAGNOSTICS": "false"}, base)
    await case("optimizer", {"OPSANI_OPTIMIZER": "env.example/app", "OPSANI_TOKEN": "t"}, {"connectors": ["tuner"], "tuner": {}})
    await case("optimizer in part", {"OPSANI_TOKEN": "t"}, {**base, "optimizer": {"id": "file.example/app"}})
    await case("optimizer as json", {"SERVO_OPTIMIZER": '{"id": "json.example/app", "token": "t"}'}, {"connectors": ["tuner"], "tuner": {}})
    await case("lower case is not read", {"servo_tuner_rate": "9"}, base)
    os.environ["TUNER_RATE"] = "8"
    show("class level", TunerConfiguration().rate)
    del os.environ["TUNER_RATE"]


asyncio.run(main())
