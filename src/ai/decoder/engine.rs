//! Messages to an answer, on one thread: template, tokens, decoder, sampling.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Device;

use super::cache::KvCache;
use super::load::ModelFiles;
use super::model::Decoder;
use super::prefix::PrefixCache;
use super::sampling::{Sampler, Sampling, log_probabilities};
use super::stops::StopFilter;
use super::template::{ChatMessage, ChatTemplate};
use super::tokenizer::{Detokenizer, Tokens};
use crate::ai::AiError;

/// How an engine is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// Tokens of prompt and answer together; at most what the model was trained for.
    pub context: usize,
    /// Prompts whose beginnings are kept from one request to the next.
    pub kept_prompts: usize,
    /// Prompt tokens computed at once: cancellation is looked at between such chunks, and only whole ones are reused.
    pub chunk: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { context: 4096, kept_prompts: 3, chunk: 64 }
    }
}

/// A chat that the assistant is to continue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The chat so far.
    pub messages: Vec<ChatMessage>,
    /// What the assistant has said already of its next message; not part of the answer.
    pub assistant_prefix: String,
}

/// How an answer is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Answering {
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Tokens after which the answer is cut off.
    pub max_tokens: usize,
    /// Texts that end the answer; not part of it.
    pub stop: Vec<String>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model ended its turn.
    EndOfTurn,
    /// A stop text came.
    StopText,
    /// `max_tokens` were written.
    MaxTokens,
}

/// A finished answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The answer.
    pub text: String,
    /// Tokens of the rendered prompt.
    pub prompt_tokens: usize,
    /// Those of them that were still known from an earlier request.
    pub reused_tokens: usize,
    /// Tokens of the answer, without the one that ended it.
    pub completion_tokens: usize,
    /// Why it ended.
    pub finish: Finish,
}

/// A model with everything that turns a chat into an answer.
pub struct Engine {
    decoder: Decoder,
    tokens: Tokens,
    template: ChatTemplate,
    prompts: PrefixCache,
}

impl Engine {
    /// Loads the model at `path` (a GGUF file or a model folder) and runs it once.
    ///
    /// # Errors
    /// [`AiError::Load`] when something is missing, damaged or not supported.
    pub fn load(path: &Path, device: &Device, options: EngineOptions) -> Result<Self, AiError> {
        let files = ModelFiles::open(path)?;
        let engine = Self {
            tokens: Tokens::load(&files)?,
            template: ChatTemplate::load(&files)?,
            decoder: Decoder::load(&files, options.context, device)?,
            prompts: PrefixCache::new(options.kept_prompts, options.chunk),
        };
        // The first run lays weights out for the processor's kernels; a patient should not wait for it.
        let mut cache = engine.decoder.new_cache()?;
        engine.decoder.forward(&mut cache, &[0; 2], 1..2)?;
        engine.decoder.forward(&mut cache, &[0], 0..1)?;
        Ok(engine)
    }

    /// The decoder.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// The tokenizer.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The text that the model is given for `prompt`.
    ///
    /// # Errors
    /// [`AiError::Inference`] when the chat template refuses the messages.
    pub fn render(&self, prompt: &Prompt) -> Result<String, AiError> {
        let mut text = self.template.render(&prompt.messages, &self.tokens)?;
        text.push_str(&self.tokens.defused(&prompt.assistant_prefix));
        Ok(text)
    }

    /// Writes an answer, giving out its pieces as they come; they join to its text. `emit` ends it with `Break`, as
    /// does `cancelled`, which is asked before each token and each chunk of the prompt.
    ///
    /// # Errors
    /// [`AiError::InputTooLong`] when the prompt leaves no room for `max_tokens`; [`AiError::Cancelled`].
    pub fn generate(
        &mut self,
        prompt: &Prompt,
        answering: &Answering,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Generation, AiError> {
        let ids = self.tokens.encode(&self.render(prompt)?)?;
        self.check_length(ids.len(), answering.max_tokens)?;
        let prompted = self.prompts.prompt(&self.decoder, &ids, cancelled)?;
        let (reused_tokens, mut logits) = (prompted.reused, prompted.logits);
        let mut answer = Answer::new(&self.tokens, answering, emit);
        let mut sampler = Sampler::new(answering.sampling);
        let finish = loop {
            if answer.ids.len() >= answering.max_tokens {
                break Finish::MaxTokens;
            }
            let id = sampler.next(&mut logits, &answer.ids);
            if self.tokens.is_stop(id) {
                break Finish::EndOfTurn;
            }
            if answer.push(id)? {
                break Finish::StopText;
            }
            // The last token's logits are not wanted.
            if answer.ids.len() < answering.max_tokens {
                if cancelled() {
                    return Err(AiError::Cancelled);
                }
                logits = step(&self.decoder, prompted.cache, id)?;
            }
        };
        let completion_tokens = answer.ids.len();
        let text = answer.finish(finish)?;
        Ok(Generation { text, prompt_tokens: ids.len(), reused_tokens, completion_tokens, finish })
    }

    /// The natural logarithm of each option's probability as the continuation of `prompt`, in order. What all have in
    /// common is computed once; options that differ in one token cost nothing more. An option that continues another
    /// ("1" and "10") takes a share of it: choose texts that end alike, or differ from the start.
    ///
    /// # Errors
    /// [`AiError::InputTooLong`], [`AiError::Cancelled`].
    pub fn choose(
        &mut self,
        prompt: &Prompt,
        options: &[String],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<f32>, AiError> {
        let text = self.render(prompt)?;
        let plain = self.tokens.encode(&text)?;
        let continued = |option: &String| self.tokens.encode(&format!("{text}{option}"));
        let sequences: Vec<Vec<u32>> = options.iter().map(continued).collect::<Result<_, _>>()?;
        let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
        self.check_length(longest, 0)?;
        // The end of the prompt may be written differently once an option follows: compare from where all agree.
        let agree = |ids: &Vec<u32>| plain.iter().zip(ids).take_while(|(a, b)| a == b).count();
        let shared = sequences.iter().map(agree).min().unwrap_or(0);
        if shared == 0 {
            return Err(AiError::Inference("nothing to choose from, or no prompt".to_owned()));
        }
        let prompted = self.prompts.prompt(&self.decoder, &plain[..shared], cancelled)?;
        let mut score = |ids: &[u32]| {
            let [first, rest @ ..] = ids else { return Ok(0.0) };
            let first = log_probabilities(&prompted.logits, &[*first])[0];
            if rest.is_empty() {
                return Ok(first);
            }
            if cancelled() {
                return Err(AiError::Cancelled);
            }
            prompted.cache.truncate(shared);
            Ok(first + continuation(&self.decoder, prompted.cache, ids)?)
        };
        sequences.iter().map(|ids| score(&ids[shared..])).collect()
    }

    fn check_length(&self, tokens: usize, reserved: usize) -> Result<(), AiError> {
        let limit = self.decoder.positions().saturating_sub(reserved);
        if tokens > limit { Err(AiError::InputTooLong { tokens, limit }) } else { Ok(()) }
    }
}

/// Appends one token and returns the logits that follow it.
fn step(decoder: &Decoder, cache: &mut KvCache, id: u32) -> Result<Vec<f32>, AiError> {
    match decoder.forward(cache, &[id], 0..1)? {
        Some(logits) => Ok(logits.squeeze(0)?.to_vec1()?),
        None => Err(AiError::Inference("one row was asked for".to_owned())),
    }
}

/// The summed log-probabilities of `ids` after the first, each given all before it.
fn continuation(decoder: &Decoder, cache: &mut KvCache, ids: &[u32]) -> Result<f32, AiError> {
    let given = ids.len() - 1;
    let Some(logits) = decoder.forward(cache, &ids[..given], 0..given)? else { return Ok(0.0) };
    let rows: Vec<Vec<f32>> = logits.to_vec2()?;
    Ok(rows.iter().zip(&ids[1..]).map(|(row, id)| log_probabilities(row, &[*id])[0]).sum())
}

/// An answer while it is written.
struct Answer<'a> {
    ids: Vec<u32>,
    text: String,
    pieces: Detokenizer<'a>,
    stops: StopFilter,
    emit: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
}

impl<'a> Answer<'a> {
    fn new(
        tokens: &'a Tokens,
        answering: &Answering,
        emit: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Self {
        Self {
            ids: Vec::new(),
            text: String::new(),
            pieces: Detokenizer::new(tokens),
            stops: StopFilter::new(&answering.stop),
            emit,
        }
    }

    /// Adds a token and gives out what became certain; true when a stop text has come.
    fn push(&mut self, id: u32) -> Result<bool, AiError> {
        self.ids.push(id);
        let (piece, stopped) = self.stops.push(&self.pieces.push(id)?);
        self.give(&piece)?;
        Ok(stopped)
    }

    fn give(&mut self, piece: &str) -> Result<(), AiError> {
        self.text.push_str(piece);
        match piece.is_empty() || (self.emit)(piece).is_continue() {
            true => Ok(()),
            false => Err(AiError::Cancelled),
        }
    }

    fn finish(mut self, finish: Finish) -> Result<String, AiError> {
        if finish != Finish::StopText {
            let held = std::mem::replace(&mut self.stops, StopFilter::new(&[])).finish();
            self.give(&held)?;
        }
        Ok(self.text)
    }
}
