//! A GGUF file: its metadata, and its tensors in the form the decoder's kernels like best.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};
use parking_lot::Mutex;

use crate::ai::AiError;

/// An open GGUF file.
pub struct GgufFile {
    path: PathBuf,
    /// The parsed header.
    pub content: Content,
    reader: Mutex<BufReader<File>>,
}

/// A quantized matrix of shape (rows, columns), its blocks still as bytes.
struct RawMatrix {
    dtype: GgmlDType,
    rows: usize,
    columns: usize,
    bytes: Vec<u8>,
}

impl GgufFile {
    /// Opens the file and reads its header.
    ///
    /// # Errors
    /// [`AiError::Load`] when it cannot be read or is no GGUF file.
    pub fn open(path: &Path) -> Result<Self, AiError> {
        let fail = |error: &dyn std::fmt::Display| AiError::load(path.display(), error);
        let mut reader = BufReader::new(File::open(path).map_err(|error| fail(&error))?);
        let content = Content::read(&mut reader).map_err(|error| fail(&error))?;
        Ok(Self { path: path.to_owned(), content, reader: Mutex::new(reader) })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, detail: impl std::fmt::Display) -> AiError {
        AiError::load(self.path.display(), detail)
    }

    fn value(&self, key: &str) -> Result<&Value, AiError> {
        self.content.metadata.get(key).ok_or_else(|| self.error(format!("the metadata has no `{key}`")))
    }

    /// A text of the metadata.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or no text.
    pub fn string(&self, key: &str) -> Result<&str, AiError> {
        self.value(key)?.to_string().map(String::as_str).map_err(|error| self.error(error))
    }

    /// A whole number of the metadata, whatever its width.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or no such number.
    pub fn number(&self, key: &str) -> Result<usize, AiError> {
        let value = self.value(key)?;
        let wide = match value {
            Value::I8(n) => i64::from(*n),
            Value::I16(n) => i64::from(*n),
            Value::I32(n) => i64::from(*n),
            Value::I64(n) => *n,
            other => other.to_u64().map_err(|error| self.error(format!("{key}: {error}")))? as i64,
        };
        usize::try_from(wide).map_err(|_| self.error(format!("{key} is negative")))
    }

    /// A fraction of the metadata.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or no such number.
    pub fn float(&self, key: &str) -> Result<f64, AiError> {
        match self.value(key)? {
            Value::F64(x) => Ok(*x),
            other => other.to_f32().map(f64::from).map_err(|error| self.error(format!("{key}: {error}"))),
        }
    }

    /// Whether the file holds the tensor `name`.
    pub fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// Divisors of the rotary frequencies, where the file has them.
    ///
    /// # Errors
    /// [`AiError::Load`] when the tensor cannot be read.
    pub fn rope_factors(&self) -> Result<Option<Vec<f32>>, AiError> {
        const NAME: &str = "rope_freqs.weight";
        if !self.has(NAME) {
            return Ok(None);
        }
        Ok(Some(self.dense(NAME, &Device::Cpu)?.flatten_all()?.to_vec1()?))
    }

    /// Columns of a matrix as the file has it.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing.
    pub fn columns(&self, name: &str) -> Result<usize, AiError> {
        Ok(self.info(name)?.shape.dims2()?.1)
    }

    fn info(&self, name: &str) -> Result<&TensorInfo, AiError> {
        self.content.tensor_infos.get(name).ok_or_else(|| self.error(format!("tensor `{name}` is missing")))
    }

    fn bytes(&self, name: &str) -> Result<(&TensorInfo, Vec<u8>), AiError> {
        let info = self.info(name)?;
        let blocks = info.shape.elem_count() / info.ggml_dtype.block_size();
        let mut bytes = vec![0; blocks * info.ggml_dtype.type_size()];
        let mut reader = self.reader.lock();
        reader
            .seek(SeekFrom::Start(self.content.tensor_data_offset + info.offset))
            .and_then(|_| reader.read_exact(&mut bytes))
            .map_err(|error| self.error(format!("tensor `{name}`: {error}")))?;
        Ok((info, bytes))
    }

    /// A tensor as f32.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or cut off.
    pub fn dense(&self, name: &str, device: &Device) -> Result<Tensor, AiError> {
        let (info, bytes) = self.bytes(name)?;
        let storage = QStorage::from_data(bytes.into(), device, info.ggml_dtype)?;
        Ok(QTensor::new(storage, info.shape.clone())?.dequantize(device)?)
    }

    /// A matrix of shape (rows, columns) as the file has it: for embeddings, which are read row by row.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or cut off.
    pub fn table(&self, name: &str, device: &Device) -> Result<QTensor, AiError> {
        self.raw_matrix(name)?.into_qtensor(device)
    }

    /// A projection's matrix of shape (outputs, inputs), rewritten without loss for speed (see `RawMatrix::widened`
    /// and `RawMatrix::padded`); its columns may thus be more than the projection's inputs. `interleaved_heads`
    /// heads of rows stored as pairs (Llama's queries and keys) are put into the order of halves.
    ///
    /// # Errors
    /// [`AiError::Load`] when it is missing or cut off.
    pub fn matrix(
        &self,
        name: &str,
        interleaved_heads: Option<usize>,
        device: &Device,
    ) -> Result<QTensor, AiError> {
        let mut raw = self.raw_matrix(name)?;
        if let Some(heads) = interleaved_heads {
            raw = raw.deinterleaved(heads);
        }
        if device.is_cpu() {
            raw = raw.widened().padded();
        }
        raw.into_qtensor(device)
    }

    fn raw_matrix(&self, name: &str) -> Result<RawMatrix, AiError> {
        let (info, bytes) = self.bytes(name)?;
        let (rows, columns) = info.shape.dims2()?;
        if !columns.is_multiple_of(info.ggml_dtype.block_size()) {
            return Err(self.error(format!("tensor `{name}` has {columns} columns in {:?}", info.ggml_dtype)));
        }
        Ok(RawMatrix { dtype: info.ggml_dtype, rows, columns, bytes })
    }
}

/// The vectorised Q8_0 kernels take columns by this many.
const FAST_COLUMNS: usize = 256;
/// … and rows by this many.
const FAST_ROWS: usize = 16;

impl RawMatrix {
    fn row_bytes(&self) -> usize {
        self.columns / self.dtype.block_size() * self.dtype.type_size()
    }

    fn into_qtensor(self, device: &Device) -> Result<QTensor, AiError> {
        let storage = QStorage::from_data(self.bytes.into(), device, self.dtype)?;
        Ok(QTensor::new(storage, (self.rows, self.columns))?)
    }

    /// Within each head, rows x0 y0 x1 y1 … become x0 x1 … y0 y1 …: GGUF stores Llama's queries and keys for rotation
    /// of neighbours, this decoder rotates halves. Rows are whole numbers of blocks, so nothing is re-quantized.
    fn deinterleaved(self, heads: usize) -> Self {
        let (size, half) = (self.row_bytes(), self.rows / heads / 2);
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for row in 0..self.rows {
            let (head, within) = (row / (2 * half), row % (2 * half));
            let from = head * 2 * half + 2 * (within % half) + within / half;
            bytes.extend_from_slice(&self.bytes[from * size..][..size]);
        }
        Self { bytes, ..self }
    }

    /// Q4_0 and Q5_0 as Q8_0, which has vectorised kernels on x86 where the others have none: the scale stays, each
    /// value is stored in a byte, so every weight is the same number as before.
    fn widened(self) -> Self {
        let widen: fn(&[u8], &mut Vec<u8>) = match self.dtype {
            GgmlDType::Q4_0 => widen_q4_0,
            GgmlDType::Q5_0 => widen_q5_0,
            _ => return self,
        };
        let blocks = self.bytes.chunks_exact(self.dtype.type_size());
        let mut bytes = Vec::with_capacity(blocks.len() * GgmlDType::Q8_0.type_size());
        blocks.for_each(|block| widen(block, &mut bytes));
        Self { dtype: GgmlDType::Q8_0, bytes, ..self }
    }

    /// Q8_0 with zero columns added up to a multiple of [`FAST_COLUMNS`], where that gains the fast kernel.
    fn padded(self) -> Self {
        let columns = self.columns.next_multiple_of(FAST_COLUMNS);
        let worth = self.dtype == GgmlDType::Q8_0
            && self.rows.is_multiple_of(FAST_ROWS)
            && columns != self.columns
            && columns * 4 <= self.columns * 5;
        if !worth {
            return self;
        }
        let size = self.row_bytes();
        let padded = columns / self.dtype.block_size() * self.dtype.type_size();
        let mut bytes = Vec::with_capacity(self.rows * padded);
        for row in self.bytes.chunks_exact(size) {
            bytes.extend_from_slice(row);
            bytes.resize(bytes.len() + padded - size, 0);
        }
        Self { columns, bytes, ..self }
    }
}

/// Q4_0: an f16 scale, then 16 bytes whose low nibbles are values 0..16 and high nibbles values 16..32, each plus 8.
fn widen_q4_0(block: &[u8], out: &mut Vec<u8>) {
    let (scale, nibbles) = block.split_at(2);
    out.extend_from_slice(scale);
    out.extend(nibbles.iter().map(|byte| (byte & 15).wrapping_sub(8)));
    out.extend(nibbles.iter().map(|byte| (byte >> 4).wrapping_sub(8)));
}

/// Q5_0: as Q4_0, with the fifth bits of the 32 values in four bytes after the scale, each value plus 16.
fn widen_q5_0(block: &[u8], out: &mut Vec<u8>) {
    let (scale, rest) = block.split_at(2);
    let (high, nibbles) = rest.split_at(4);
    let fifth = |index: usize| (high[index / 8] >> (index % 8) & 1) << 4;
    out.extend_from_slice(scale);
    out.extend(nibbles.iter().enumerate().map(|(i, byte)| (byte & 15 | fifth(i)).wrapping_sub(16)));
    out.extend(nibbles.iter().enumerate().map(|(i, byte)| (byte >> 4 | fifth(i + 16)).wrapping_sub(16)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantized(dtype: GgmlDType, rows: usize, columns: usize) -> (RawMatrix, Tensor) {
        let values: Vec<f32> = (0..rows * columns).map(|i| ((i * 37 % 101) as f32 - 50.0) / 17.0).collect();
        let tensor = Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap();
        let quantized = QTensor::quantize(&tensor, dtype).unwrap();
        let bytes = quantized.data().unwrap().into_owned();
        (RawMatrix { dtype, rows, columns, bytes }, quantized.dequantize(&Device::Cpu).unwrap())
    }

    fn values(raw: RawMatrix) -> Vec<Vec<f32>> {
        raw.into_qtensor(&Device::Cpu).unwrap().dequantize(&Device::Cpu).unwrap().to_vec2().unwrap()
    }

    #[test]
    fn widening_changes_no_weight() {
        for dtype in [GgmlDType::Q4_0, GgmlDType::Q5_0] {
            let (raw, expected) = quantized(dtype, 3, 64);
            let widened = raw.widened();
            assert_eq!(widened.dtype, GgmlDType::Q8_0);
            assert_eq!(values(widened), expected.to_vec2::<f32>().unwrap());
        }
    }

    #[test]
    fn padding_adds_zero_columns_only() {
        let (raw, expected) = quantized(GgmlDType::Q8_0, 16, 224);
        let padded = raw.padded();
        assert_eq!(padded.columns, 256);
        for (row, expected) in values(padded).iter().zip(expected.to_vec2::<f32>().unwrap()) {
            assert_eq!(row[..224], expected);
            assert_eq!(row[224..], [0.0; 32]);
        }
    }

    #[test]
    fn deinterleaving_gathers_the_even_rows_of_each_head() {
        let (raw, expected) = quantized(GgmlDType::Q8_0, 8, 32);
        let expected: Vec<Vec<f32>> = expected.to_vec2().unwrap();
        let order = [0, 2, 1, 3, 4, 6, 5, 7];
        assert_eq!(values(raw.deinterleaved(2)), order.map(|row| expected[row].clone()));
    }
}
