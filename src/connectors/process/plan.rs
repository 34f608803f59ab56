//! What the configuration says, checked and ready to run.

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};

use super::config::{CommandLine, LogConfiguration, ProcessConfiguration};
use super::health::Health;
use super::settings;
use super::template::{Template, TemplateError};
use super::words;
use crate::config::{Path, Problem, nearest};
use crate::model::{Duration, Setting};

/// How the application is run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The component that the settings belong to.
    pub(super) component: String,
    words: Vec<Template>,
    directory: PathBuf,
    environment: Vec<(String, String)>,
    /// The environment variable of each setting.
    variables: Vec<Option<String>>,
    /// The settings as the application is first started.
    pub(super) settings: Vec<Setting>,
    /// When it counts as up.
    pub(super) health: Health,
    /// How long it may take to end on SIGTERM.
    pub(super) stop: std::time::Duration,
    /// Where its output is kept.
    pub(super) log: Option<LogConfiguration>,
}

/// One start of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Launch {
    /// The program: a path, or a name to be looked up in `PATH`.
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) directory: PathBuf,
    /// Variables beside those that are inherited.
    pub(super) environment: Vec<(String, String)>,
}

impl Plan {
    /// What the configuration of the connector of that name says, or everything that is wrong with it.
    pub(super) fn compile(name: &str, config: &ProcessConfiguration) -> Result<Self, Vec<Problem>> {
        let root = Path::default();
        let mut problems = Vec::new();

        if let Some(component) = &config.component
            && (component.is_empty() || component.contains('.'))
        {
            let message = format!("expected a name without a dot, found '{component}'");
            problems.push(Problem::new(root.key("component"), message));
        }

        let mut settings = Vec::new();
        for (name, config) in &config.settings {
            match settings::compile(name, config, &root.key("settings").key(name)) {
                Ok(setting) => settings.push(setting),
                Err(found) => problems.extend(found),
            }
        }

        let words = command(config, &mut problems);
        let (environment, variables) = environment(config, &words, &mut problems);
        let health = Health::compile(&config.health).map_err(|found| problems.extend(found));
        if config.stop.timeout < Duration::ZERO {
            let message = format!("expected a time of 0 or more, found {}", config.stop.timeout);
            problems.push(Problem::new(root.key("stop").key("timeout"), message));
        }
        if let Some(log) = &config.log {
            let place = root.key("log");
            if FilePath::new(&log.file).file_name().is_none() {
                problems.push(Problem::new(place.key("file"), format!("expected a file, found '{}'", log.file)));
            }
            if log.max_size.bytes() == 0 {
                problems.push(Problem::new(place.key("max_size"), "expected a size greater than 0, found 0"));
            }
        }

        match health {
            Ok(health) if problems.is_empty() => Ok(Self {
                component: config.component.clone().unwrap_or_else(|| name.to_owned()),
                words,
                directory: PathBuf::from(&config.directory),
                environment,
                variables,
                settings,
                health,
                stop: config.stop.timeout.to_std(),
                log: config.log.clone(),
            }),
            _ => Err(problems),
        }
    }

    /// How the application is started with those settings. Relative paths start from the present directory.
    pub(super) fn launch(&self, settings: &[Setting]) -> Launch {
        let mut words = self.words.iter().map(|word| word.render(settings));
        let directory = std::path::absolute(&self.directory).unwrap_or_else(|_| self.directory.clone());
        let mut program = PathBuf::from(words.next().unwrap_or_default());
        if program.components().count() > 1 {
            // An absolute path stays what it is.
            program = directory.join(program);
        }
        let mut environment = self.environment.clone();
        for (setting, variable) in settings.iter().zip(&self.variables) {
            if let (Some(variable), Some(value)) = (variable, &setting.value) {
                environment.push((variable.clone(), value.to_string()));
            }
        }
        Launch { program, arguments: words.collect(), directory, environment }
    }
}

/// The words of the command; positions in them are those of the configured settings.
fn command(config: &ProcessConfiguration, problems: &mut Vec<Problem>) -> Vec<Template> {
    let place = Path::default().key("command");
    let words = match &config.command {
        CommandLine::Text(line) => {
            words::split(line).map(|words| words.into_iter().map(|w| (place.clone(), w)).collect())
        }
        CommandLine::Words(words) => {
            Ok(words.iter().enumerate().map(|(at, word)| (place.index(at), word.to_string())).collect())
        }
    };
    let words: Vec<(Path, String)> = match words {
        Ok(words) => words,
        Err(message) => {
            problems.push(Problem::new(place, message));
            return Vec::new();
        }
    };
    if words.first().is_none_or(|(_, program)| program.is_empty()) {
        problems.push(Problem::new(place, "expected a program and its arguments, found no program"));
    }
    let mut templates = Vec::new();
    for (place, word) in words {
        if word.contains('\0') {
            problems.push(Problem::new(place, "an argument cannot hold the character NUL"));
            continue;
        }
        match Template::parse(&word, |name| config.settings.get_index_of(name)) {
            Ok(template) => templates.push(template),
            Err(TemplateError::Unknown(name)) => problems.push(Problem {
                nearest: nearest(&name, config.settings.keys().map(String::as_str)),
                ..Problem::new(place, format!("'{{{name}}}' is not a setting; write '{{{{' for a brace"))
            }),
            Err(TemplateError::Brace(brace)) => {
                let message = format!("a single '{brace}' in '{word}'; write '{brace}{brace}' for a brace");
                problems.push(Problem::new(place, message));
            }
        }
    }
    templates
}

/// The fixed variables, and the variable of each setting.
fn environment(
    config: &ProcessConfiguration,
    words: &[Template],
    problems: &mut Vec<Problem>,
) -> (Vec<(String, String)>, Vec<Option<String>>) {
    let root = Path::default();
    let mut check = |name: &str, place: Path, at_key| {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("expected the name of an environment variable, found '{name}'");
            problems.push(Problem { at_key, ..Problem::new(place, message) });
        }
    };
    let mut fixed = Vec::new();
    for (name, value) in &config.environment {
        check(name, root.key("environment").key(name), true);
        fixed.push((name.clone(), value.to_string()));
    }
    let mut variables = Vec::new();
    for (at, (name, setting)) in config.settings.iter().enumerate() {
        if let Some(variable) = &setting.env {
            check(variable, root.key("settings").key(name).key("env"), false);
        }
        let placed = words.iter().any(|word| word.holds(at));
        variables.push(setting.env.clone().or_else(|| (!placed).then(|| default_variable(name))));
    }

    let mut owners: HashMap<&str, String> =
        config.environment.keys().map(|name| (name.as_str(), "`environment`".to_owned())).collect();
    for ((name, setting), variable) in config.settings.iter().zip(&variables) {
        let Some(variable) = variable else { continue };
        if let Some(owner) = owners.insert(variable, format!("setting '{name}'")) {
            let place = root.key("settings").key(name);
            let place = if setting.env.is_some() { place.key("env") } else { place };
            let message = format!("the environment variable {variable} is already that of {owner}; give another `env`");
            problems.push(Problem::new(place, message));
        }
    }
    (fixed, variables)
}

fn default_variable(setting: &str) -> String {
    setting.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn compile(config: Json) -> Result<Plan, Vec<Problem>> {
        Plan::compile("web", &serde_json::from_value(config).unwrap())
    }

    fn with_settings(command: &Json, more: &Json) -> Json {
        let mut config = json!({
            "command": command,
            "settings": {
                "workers": {"type": "range", "min": 1, "max": 4, "step": 1, "value": 2},
                "gc-mode": {"type": "enum", "values": ["a b", "c"], "value": "a b"},
            }
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    }

    #[test]
    fn settings_reach_the_application() {
        let plan = compile(with_settings(&json!("app -w {workers} 'x {gc-mode}'"), &json!({"environment": {"P": 1}})))
            .unwrap();
        let launch = plan.launch(&plan.settings);
        assert_eq!(launch.program, PathBuf::from("app"));
        assert_eq!(launch.arguments, ["-w", "2", "x a b"]);
        assert_eq!(launch.environment, [("P".to_owned(), "1".to_owned())]);
        assert_eq!(plan.component, "web");

        let mut config =
            with_settings(&json!(["./app", 8080, "{workers}"]), &json!({"component": "api", "directory": "/d"}));
        config["settings"]["workers"]["env"] = json!("N");
        let plan = compile(config).unwrap();
        let launch = plan.launch(&plan.settings);
        assert_eq!(launch.program, PathBuf::from("/d/./app"));
        assert_eq!(launch.arguments, ["8080", "2"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(launch.environment, [pair("N", "2"), pair("GC_MODE", "a b")]);
        assert_eq!(plan.component, "api");
    }

    #[test]
    fn every_problem_is_found_at_its_place() {
        let mut config = with_settings(
            &json!(["app", "{worker}", "{"]),
            &json!({"component": "a.b", "environment": {"GC_MODE": "x", "=": "y"}, "health": {"timeout": 0},
                   "stop": {"timeout": -1}, "log": {"file": "a/..", "max_size": 0}}),
        );
        config["settings"]["workers"]["value"] = json!(9);
        let problems = compile(config).unwrap_err();
        let places: Vec<_> = problems.iter().map(|problem| problem.path.to_string()).collect();
        let expected = [
            "component",
            "settings.workers.value",
            "command[1]",
            "command[2]",
            "environment.=",
            "settings.gc-mode",
            "health.timeout",
            "stop.timeout",
            "log.file",
            "log.max_size",
        ];
        assert_eq!(places, expected, "{problems:#?}");
        assert_eq!(problems[2].nearest.as_deref(), Some("workers"));
        assert!(problems[4].at_key);
    }

    #[test]
    fn a_command_needs_a_program() {
        for command in [json!(""), json!([]), json!([""]), json!("a | b")] {
            assert_eq!(compile(json!({ "command": command })).unwrap_err()[0].path.to_string(), "command");
        }
    }
}
