//! A generator without a model, for tests of the rooms around it.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::{GenerateRequest, GeneratorIdentity};
use crate::ai::AiError;
use crate::ai::decoder::{Finish, Generation, Prompt};

/// What a [`ScriptedGenerator`] does when it is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Answers this.
    Text(String),
    /// Gives [`crate::ai::Generator::choose`] these log-probabilities.
    Scores(Vec<f32>),
    /// Fails like this: [`AiError::Busy`], [`AiError::ModelPanicked`] …
    Fail(AiError),
    /// Panics in the caller's task.
    Panic,
    /// Never answers, until it is cancelled.
    Hang,
}

type Script = Box<dyn Fn(&Prompt) -> Reply + Send + Sync>;

/// Replies that a test wrote, and what it was asked.
pub struct ScriptedGenerator {
    identity: GeneratorIdentity,
    script: Script,
    asked: Mutex<Vec<Prompt>>,
}

impl ScriptedGenerator {
    /// Replies with what `script` says to a prompt.
    pub fn new(script: impl Fn(&Prompt) -> Reply + Send + Sync + 'static) -> Self {
        let identity = GeneratorIdentity {
            model: "scripted".to_owned(),
            revision: "1".to_owned(),
            architecture: "scripted".to_owned(),
            context: usize::MAX,
        };
        Self { identity, script: Box::new(script), asked: Mutex::new(Vec::new()) }
    }

    /// Gives `replies` one after the other, then [`AiError::Stopped`].
    pub fn replies(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = Mutex::new(replies.into_iter().collect::<VecDeque<_>>());
        Self::new(move |_| replies.lock().pop_front().unwrap_or(Reply::Fail(AiError::Stopped)))
    }

    /// All prompts so far, oldest first.
    pub fn asked(&self) -> Vec<Prompt> {
        self.asked.lock().clone()
    }

    pub(super) fn identity(&self) -> &GeneratorIdentity {
        &self.identity
    }

    pub(super) async fn generate(&self, request: &GenerateRequest) -> Result<Generation, AiError> {
        let prompt =
            Prompt { messages: request.messages.clone(), assistant_prefix: request.assistant_prefix.clone() };
        let text = match self.reply(&prompt) {
            Reply::Hang => {
                request.cancel.cancelled().await;
                return Err(AiError::Cancelled);
            }
            _ if request.cancel.is_cancelled() => return Err(AiError::Cancelled),
            Reply::Text(text) => text,
            other => return Err(unfit(other)),
        };
        let words = |text: &str| text.split_whitespace().count();
        Ok(Generation {
            prompt_tokens: prompt.messages.iter().map(|message| words(&message.content)).sum(),
            reused_tokens: 0,
            completion_tokens: words(&text),
            finish: Finish::EndOfTurn,
            text,
        })
    }

    pub(super) async fn choose(&self, prompt: &Prompt, options: &[String]) -> Result<Vec<f32>, AiError> {
        match self.reply(prompt) {
            Reply::Scores(scores) if scores.len() == options.len() => Ok(scores),
            // A text stands for certainty.
            Reply::Text(text) => {
                let score = |option: &String| if *option == text { 0.0 } else { f32::NEG_INFINITY };
                Ok(options.iter().map(score).collect())
            }
            Reply::Hang => std::future::pending().await,
            other => Err(unfit(other)),
        }
    }

    fn reply(&self, prompt: &Prompt) -> Reply {
        self.asked.lock().push(prompt.clone());
        (self.script)(prompt)
    }
}

fn unfit(reply: Reply) -> AiError {
    match reply {
        Reply::Fail(error) => error,
        Reply::Panic => panic!("as the script wants"),
        other => AiError::Inference(format!("the script replied {other:?} to another kind of question")),
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;
    use crate::ai::decoder::ChatMessage;
    use crate::ai::{Generator, StreamEvent};

    fn ask(question: &str) -> GenerateRequest {
        GenerateRequest::new(vec![ChatMessage::user(question)])
    }

    #[tokio::test]
    async fn replies_come_in_order_and_prompts_are_kept() {
        let replies =
            [Reply::Text("Jam 8 pagi".into()), Reply::Fail(AiError::Busy), Reply::Scores(vec![-0.1, -3.0])];
        let generator = Generator::Scripted(ScriptedGenerator::replies(replies));
        assert_eq!(generator.generate(ask("jam?")).await.unwrap().text, "Jam 8 pagi");
        assert_eq!(generator.generate(ask("lagi?")).await, Err(AiError::Busy));
        let choose =
            |messages| generator.choose(messages, "Jawaban:".into(), vec!["ya".into(), "tidak".into()]);
        assert_eq!(choose(ask("benar?").messages).await, Ok(vec![-0.1, -3.0]));
        assert_eq!(generator.generate(ask("habis?")).await, Err(AiError::Stopped));
        let Generator::Scripted(scripted) = &generator else { panic!("it is scripted") };
        assert_eq!(scripted.asked()[2].assistant_prefix, "Jawaban:");
    }

    #[tokio::test]
    async fn a_script_streams_hangs_until_cancelled_and_panics() {
        let generator =
            Generator::Scripted(ScriptedGenerator::new(|prompt| match prompt.messages[0].content.as_str() {
                "hang" => Reply::Hang,
                "panic" => Reply::Panic,
                other => Reply::Text(format!("Anda bertanya {other}")),
            }));
        let events: Vec<_> = generator.stream(ask("apa")).collect().await;
        assert_eq!(events.len(), 4);
        assert_eq!(events[1], Ok(StreamEvent::Piece("bertanya ".into())));
        let hanging = ask("hang");
        hanging.cancel.cancel();
        assert_eq!(generator.generate(hanging).await, Err(AiError::Cancelled));
        let panicked = std::panic::AssertUnwindSafe(generator.generate(ask("panic")));
        assert!(futures::FutureExt::catch_unwind(panicked).await.is_err());
    }
}
