//! Where a model computes: the processor with so many threads, or an NVIDIA GPU.

use candle_core::Device;
use serde::{Deserialize, Serialize};

use super::AiError;

/// The `[ai]` settings that every model shares.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComputeOptions {
    /// Which device the models run on.
    pub device: DeviceChoice,
    /// Threads of one model on the processor; 0 takes one for each core.
    pub threads: usize,
}

/// Which device a model runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// The first GPU where this binary can use one and there is one, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The first NVIDIA GPU; an error where there is none.
    Cuda,
}

impl DeviceChoice {
    /// The word that the configuration uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

impl ComputeOptions {
    /// Opens the chosen device.
    ///
    /// # Errors
    /// [`AiError::Load`] when [`DeviceChoice::Cuda`] is asked for and this binary or machine has no GPU.
    pub fn open_device(&self) -> Result<Device, AiError> {
        match self.device {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Cuda => Device::new_cuda(0).map_err(|error| AiError::load("device cuda", error)),
            DeviceChoice::Auto if cfg!(feature = "cuda") => Ok(Device::new_cuda(0).unwrap_or_else(|error| {
                tracing::warn!(%error, "no usable GPU; models run on the processor");
                Device::Cpu
            })),
            DeviceChoice::Auto => Ok(Device::Cpu),
        }
    }

    /// Threads for one model: the setting, or the cores this process may use.
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}
