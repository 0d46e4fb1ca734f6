//! Chat messages to the text that a model was trained on, by the Jinja template in its files.

use candle_core::quantized::gguf_file::Value as GgufValue;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, context};
use serde::Serialize;

use super::load::ModelFiles;
use super::safetensors::read_json;
use super::tokenizer::Tokens;
use crate::ai::AiError;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The instructions.
    System,
    /// The patient.
    User,
    /// The model.
    Assistant,
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl ChatMessage {
    /// Instructions.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }

    /// The patient's words.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// The model's words.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// A model's chat template.
pub struct ChatTemplate {
    environment: Environment<'static>,
}

const NAME: &str = "chat";

impl ChatTemplate {
    /// The template of a model: `chat_template.jinja` or `tokenizer_config.json` of the folder, or the GGUF metadata.
    ///
    /// # Errors
    /// [`AiError::Load`] when there is none or it does not parse.
    pub fn load(files: &ModelFiles) -> Result<Self, AiError> {
        match files {
            ModelFiles::Gguf(file) => match file.content.metadata.get("tokenizer.chat_template") {
                Some(GgufValue::String(source)) => Self::parse(source),
                _ => Err(AiError::load(file.path().display(), "the file has no chat template")),
            },
            ModelFiles::Folder(folder) => {
                let file = folder.path().join("chat_template.jinja");
                if file.exists() {
                    let source = std::fs::read_to_string(&file);
                    return Self::parse(&source.map_err(|error| AiError::load(file.display(), error))?);
                }
                let config = read_json(&folder.path().join("tokenizer_config.json"))?;
                match config.get("chat_template").and_then(|template| template.as_str()) {
                    Some(source) => Self::parse(source),
                    None => Err(AiError::load(folder.path().display(), "the folder has no chat template")),
                }
            }
        }
    }

    /// Compiles a template. Hugging Face templates are Jinja2 with Python methods on strings, lists and dictionaries,
    /// block trimming on, and two functions of their own.
    ///
    /// # Errors
    /// [`AiError::Load`] when it does not parse.
    pub fn parse(source: &str) -> Result<Self, AiError> {
        let mut environment = Environment::new();
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", strftime_now);
        environment.add_filter("tojson", to_json);
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| AiError::load("chat template", error))?;
        Ok(Self { environment })
    }

    /// The prompt up to where the assistant speaks. Qwen3's thinking is switched off: a patient waits.
    ///
    /// # Errors
    /// [`AiError::Inference`] when the template refuses the messages.
    pub fn render(&self, messages: &[ChatMessage], tokens: &Tokens) -> Result<String, AiError> {
        let safe = |message: &ChatMessage| ChatMessage {
            role: message.role,
            content: tokens.defused(&message.content),
        };
        let messages: Vec<_> = messages.iter().map(safe).collect();
        let rendered = self.environment.get_template(NAME).and_then(|template| {
            template.render(context! {
                messages,
                add_generation_prompt => true,
                enable_thinking => false,
                bos_token => tokens.bos.as_deref().unwrap_or_default(),
                eos_token => tokens.eos.as_deref().unwrap_or_default(),
            })
        });
        // The detail may quote a message.
        rendered.map_err(|error| AiError::Inference(format!("chat template: {:?}", error.kind())))
    }
}

fn raise_exception(message: String) -> Result<String, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

fn strftime_now(format: &str) -> Result<String, Error> {
    jiff::fmt::strtime::format(format, &jiff::Zoned::now())
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// As Python's `json.dumps`, with its optional indentation.
fn to_json(value: minijinja::Value, options: Kwargs) -> Result<String, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let text = match indent {
        Some(_) => serde_json::to_string_pretty(&value),
        None => serde_json::to_string(&value),
    };
    text.map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
}
