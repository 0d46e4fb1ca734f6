//! Chats to answers: what the assistant asks when the hospital's own words are not enough.

mod local;
mod scripted;

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::AiError;
use super::decoder::{Answering, ChatMessage, Generation, Prompt, Sampling};

pub use local::{GeneratorOptions, LocalGenerator};
pub use scripted::{Reply, ScriptedGenerator};

/// Writes answers and weighs options.
pub enum Generator {
    /// A model in this process.
    Local(LocalGenerator),
    /// Replies that a test wrote.
    Scripted(ScriptedGenerator),
}

/// Which model answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratorIdentity {
    /// The model's name.
    pub model: String,
    /// The exact weights: a hash or a hub commit.
    pub revision: String,
    /// Its family: `qwen2`, `llama` …
    pub architecture: String,
    /// Tokens of prompt and answer together.
    pub context: usize,
}

/// A chat to be answered.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// The chat, instructions first.
    pub messages: Vec<ChatMessage>,
    /// What the assistant has said already of its next message; not repeated in the answer.
    pub assistant_prefix: String,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Tokens after which the answer is cut off.
    pub max_tokens: usize,
    /// Texts that end the answer; not part of it.
    pub stop: Vec<String>,
    /// Cancelling it ends the work at the next token with [`AiError::Cancelled`]; so does dropping the future or the
    /// stream.
    pub cancel: CancellationToken,
}

impl GenerateRequest {
    /// A greedy answer of up to 256 tokens.
    pub fn new(messages: Vec<ChatMessage>) -> Self {
        Self {
            messages,
            assistant_prefix: String::new(),
            sampling: Sampling::GREEDY,
            max_tokens: 256,
            stop: Vec::new(),
            cancel: CancellationToken::new(),
        }
    }

    fn into_parts(self) -> (Prompt, Answering, CancellationToken) {
        let prompt = Prompt { messages: self.messages, assistant_prefix: self.assistant_prefix };
        let answering = Answering { sampling: self.sampling, max_tokens: self.max_tokens, stop: self.stop };
        (prompt, answering, self.cancel)
    }
}

impl Generator {
    /// Loads the model of `options` on its own thread and warms it up.
    ///
    /// # Errors
    /// [`AiError::Load`] when its files are missing, damaged or not supported.
    pub async fn local(options: GeneratorOptions) -> Result<Self, AiError> {
        Ok(Self::Local(LocalGenerator::start(options).await?))
    }

    /// Which model answers.
    pub fn identity(&self) -> &GeneratorIdentity {
        match self {
            Self::Local(local) => local.identity(),
            Self::Scripted(scripted) => scripted.identity(),
        }
    }

    /// Whether a chat can be answered now (a model that panicked is being rebuilt).
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Local(local) => local.is_ready(),
            Self::Scripted(_) => true,
        }
    }

    /// The whole answer.
    ///
    /// # Errors
    /// [`AiError::Busy`] when too many wait already; [`AiError::InputTooLong`] when the chat leaves no room for the
    /// answer; [`AiError::Cancelled`]; else what the model's thread met.
    pub async fn generate(&self, request: GenerateRequest) -> Result<Generation, AiError> {
        match self {
            Self::Local(local) => local.generate(request, None).await,
            Self::Scripted(scripted) => scripted.generate(&request).await,
        }
    }

    /// The answer piece by piece; see [`GenerationStream`].
    pub fn stream(&self, request: GenerateRequest) -> GenerationStream<'_> {
        let (sender, pieces) = mpsc::unbounded_channel();
        let finish: Finishing<'_> = match self {
            Self::Local(local) => Box::pin(local.generate(request, Some(sender))),
            Self::Scripted(scripted) => Box::pin(async move {
                let generation = scripted.generate(&request).await?;
                for piece in generation.text.split_inclusive(' ') {
                    // The receiver lives in the same stream as this future.
                    let _ = sender.send(piece.to_owned());
                }
                Ok(generation)
            }),
        };
        GenerationStream { pieces, finish: Some(finish), result: None }
    }

    /// The natural logarithm of the probability that the assistant, asked `messages` and having said
    /// `assistant_prefix`, goes on with each of `options`, in order. One pass over the chat decides between options
    /// of one token, such as numbers: which of these sentences answers? or: is this supported, ya or tidak?
    ///
    /// An option that continues another ("1" and "10") takes a share of its probability.
    ///
    /// # Errors
    /// As [`Generator::generate`].
    pub async fn choose(
        &self,
        messages: Vec<ChatMessage>,
        assistant_prefix: String,
        options: Vec<String>,
    ) -> Result<Vec<f32>, AiError> {
        let prompt = Prompt { messages, assistant_prefix };
        match self {
            Self::Local(local) => local.choose(prompt, options).await,
            Self::Scripted(scripted) => scripted.choose(&prompt, &options).await,
        }
    }
}

/// What a [`GenerationStream`] gives.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// The next piece of the answer: whole characters, never empty.
    Piece(String),
    /// The answer has ended; nothing follows.
    End(Generation),
}

type Finishing<'a> = Pin<Box<dyn Future<Output = Result<Generation, AiError>> + Send + 'a>>;

/// The pieces of an answer, then its [`StreamEvent::End`] or an error. Dropping it cancels the work.
pub struct GenerationStream<'a> {
    pieces: mpsc::UnboundedReceiver<String>,
    finish: Option<Finishing<'a>>,
    /// The end, while pieces before it are still waiting to be taken.
    result: Option<Result<Generation, AiError>>,
}

impl Stream for GenerationStream<'_> {
    type Item = Result<StreamEvent, AiError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(finish) = &mut this.finish
            && let Poll::Ready(result) = finish.as_mut().poll(context)
        {
            this.finish = None;
            this.result = Some(result);
        }
        match this.pieces.poll_recv(context) {
            Poll::Ready(Some(piece)) => Poll::Ready(Some(Ok(StreamEvent::Piece(piece)))),
            // The sender goes with the job, a moment before or after its result arrives.
            Poll::Ready(None) if this.finish.is_none() => {
                Poll::Ready(this.result.take().map(|result| result.map(StreamEvent::End)))
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
