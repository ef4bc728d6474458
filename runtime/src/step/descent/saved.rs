//! An optimizer with what it remembers, as a file and back.
//!
//! ```text
//! optimizer.STATE.NAME     what the optimizer remembers of each parameter, such as optimizer.exp_avg.fc.weight
//! model.NAME               parameters and statistics, where they are saved with it
//! courses.NAME             how tensors are trained unlike the others
//! ```
//!
//! Words of the metadata say the version, whose state it is, and how far it has come.

use super::Descent;
#[cfg(all(doc, not(feature = "std")))]
use crate::error::Error;
use crate::{
    error::{Found, Result},
    files::record::{DESCENT, Kind, Reader, Record},
    model::Model,
    network::Network,
    optimizer::{Optimizer, State, check_factor},
    step::courses::Courses,
};
use alloc::{format, string::ToString, vec::Vec};
use bytemuck::{try_cast_slice, try_cast_slice_mut};
#[cfg(feature = "std")]
use {
    crate::{error::Error, files, parameters::first_not_finite},
    alloc::string::String,
    std::path::Path,
};

impl<N: Model, O: Optimizer> Descent<N, O> {
    /// Makes the descent that [`save`](Self::save) wrote, for a network like `net`; the program gives the rule.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load) and [`new`](Self::new).
    #[cfg(feature = "std")]
    pub fn open(net: &N, optimizer: O, path: impl AsRef<Path>) -> Result<Self> {
        let mut descent = Self::new(net, optimizer)?;
        descent.load(path)?;
        Ok(descent)
    }

    /// As [`open`](Self::open), from the bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`load_bytes`](Self::load_bytes) and [`new`](Self::new).
    pub fn from_bytes(net: &N, optimizer: O, bytes: &[u8]) -> Result<Self> {
        let mut descent = Self::new(net, optimizer)?;
        descent.load_bytes(bytes)?;
        Ok(descent)
    }
}

impl<N: Model, O: Optimizer, M: AsRef<[State<O>]> + AsMut<[State<O>]>> Descent<N, O, M> {
    /// Writes the state of the rule, the count of steps, the learning rate with its factor, the momentum, and which
    /// parameters are frozen or have a rate of their own, as safetensors with PyTorch's names:
    /// `optimizer.exp_avg.fc.weight`. An existing file is replaced as a whole. The network is saved separately;
    /// [`save_with`](Self::save_with) writes both to one file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be written; an old file is then unchanged.
    #[cfg(feature = "std")]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), self.record())
    }

    /// Writes what [`save`](Self::save) writes and the parameters of `net` to one file. So a program that is killed
    /// between two steps, or while it saves, finds a network and a descent of the same step.
    /// [`Training::from_step`](crate::train::Training::from_step) continues the dropout of the network, too.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// model! {
    ///     struct Line(x: [1]) -> [1] { Dense(1) }
    /// }
    ///
    /// # let folder = std::env::temp_dir().join(format!("kiln-doc-descent-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("run.safetensors");
    /// # let run = |steps: u64| {
    /// let mut net = Line::new(Seed(1));
    /// let mut descent = Descent::new(&net, Adam::new(0.05))?;
    /// if path.exists() {
    ///     descent.load_with(&path, &mut net)?;
    /// }
    /// let mut training = Training::new(&net, 2)?.from_step(descent.steps());
    /// while descent.steps() < steps {
    ///     training.backward(&net, &[[1.0], [2.0]], &[[2.0], [4.0]], &Mse)?;
    ///     descent.apply(&mut net, training.gradients())?;
    ///     if descent.steps() % 100 == 0 {
    ///         descent.save_with(&path, &net)?;
    ///     }
    /// }
    /// # Ok::<_, kiln::Error>(net.parameters().get("0.weight"))
    /// # };
    /// # run(150)?; // killed after 150 steps, of which 100 are in the file
    /// # let resumed = run(300)?;
    /// # std::fs::remove_file(&path)?;
    /// # assert_eq!(resumed, run(300)?);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save); [`Error::NanWeight`] if a parameter is NaN or infinite.
    #[cfg(feature = "std")]
    pub fn save_with(&self, path: impl AsRef<Path>, net: &N) -> Result<()> {
        write(path.as_ref(), self.record_with(net)?)
    }

    /// Reads what [`save`](Self::save) wrote: the next step has the bits that it would have had then. The learning rate
    /// and the momentum of the rule come from the file, its other numbers from the program.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] with everything that differs, if the file is of another model or optimizer.
    /// [`Error::NotSafetensors`] if it is damaged, holds something else, or is of another version; [`Error::Io`] if it
    /// cannot be read. The descent is then unchanged.
    #[cfg(feature = "std")]
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let (shown, record) = read(path.as_ref())?;
        self.take(Some(&shown), &record, None)
    }

    /// Reads what [`save_with`](Self::save_with) wrote, the network included.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); descent and network are then unchanged.
    #[cfg(feature = "std")]
    pub fn load_with(&mut self, path: impl AsRef<Path>, net: &mut N) -> Result<()> {
        let (shown, record) = read(path.as_ref())?;
        self.take(Some(&shown), &record, Some(net))
    }

    /// The bytes that [`save`](Self::save) writes.
    ///
    /// ```
    /// use kiln::prelude::*;
    ///
    /// model! {
    ///     struct Line(x: [1]) -> [1] { Dense(1) }
    /// }
    ///
    /// let mut net = Line::new(Seed(1));
    /// let mut training = Training::new(&net, 1)?;
    /// let mut descent = Descent::new(&net, Sgd::new(0.1).momentum(0.9))?;
    /// training.backward(&net, &[[1.0]], &[[2.0]], &Mse)?;
    /// descent.apply(&mut net, training.gradients())?;
    ///
    /// let mut other = net.clone();
    /// let mut resumed = Descent::from_bytes(&other, Sgd::new(0.1).momentum(0.9), &descent.to_bytes()?)?;
    /// descent.apply(&mut net, training.gradients())?;
    /// resumed.apply(&mut other, training.gradients())?;
    /// assert_eq!(net.parameters().get("0.weight"), other.parameters().get("0.weight"));
    /// // Of another rule it is refused.
    /// assert!(Descent::from_bytes(&net, Adam::default(), &descent.to_bytes()?).is_err());
    /// # Ok::<(), kiln::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotSafetensors`] if there is no memory for them.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.record().into_bytes(&DESCENT, None)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) returned.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), except those of reading a file.
    pub fn load_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let record = Record::parse(&DESCENT, None, bytes)?;
        self.take(None, &record, None)
    }

    /// Whose state it is.
    fn kind(&self) -> Kind {
        Kind::of::<N::Network, O>(&self.optimizer)
    }

    /// The content of a file.
    fn record(&self) -> Record {
        let (mut record, kind) = (Record::default(), self.kind());
        kind.say(&mut record);
        kind.say_shapes(&mut record);
        record.say("steps", self.taken);
        record.say("factor", format!("{:?}", self.factor));
        record.say(
            "learning_rate",
            format!("{:?}", self.optimizer.learning_rate()),
        );
        if let Some(momentum) = self.optimizer.momentum() {
            record.say("momentum", format!("{momentum:?}"));
        }
        self.courses.keep(&mut record);
        self.courses.keep_wishes(&mut record);
        let state = self.state.as_ref();
        let state = &state[..state.len().min(N::Network::LEARNT_BLOCKS)];
        kind.keep_state(
            &mut record,
            try_cast_slice::<_, u8>(state).unwrap_or_default(),
        );
        record
    }

    /// The content of a file with the network's parameters.
    #[cfg(feature = "std")]
    fn record_with(&self, net: &N) -> Result<Record> {
        let arena = N::Network::arena(net);
        if let Some((name, index)) = first_not_finite::<N>(arena) {
            let epoch = None;
            return Err(Error::NanWeight { epoch, name, index });
        }
        let mut record = self.record();
        self.kind().keep_parameters(&mut record, "model", arena);
        Ok(record)
    }

    /// Takes what a file holds, or nothing of it.
    fn take(&mut self, path: Option<&str>, record: &Record, net: Option<&mut N>) -> Result<()> {
        let (mut reader, kind) = (Reader::new(&DESCENT, path, record), self.kind());
        kind.check(&mut reader);
        kind.check_shapes(&mut reader);
        let taken = reader.count("steps");
        let factor = reader.number("factor");
        if check_factor("factor", factor, || Found::Number(factor)).is_err() {
            reader.differs(
                "factor",
                "0 or more and finite as `f32`".into(),
                factor.to_string(),
            );
        }
        let mut courses = Courses::kept(&mut reader, taken);
        courses.take_wishes(&mut reader, N::Network::TENSORS);
        let state = self.state.as_mut();
        let all = state.len().min(N::Network::LEARNT_BLOCKS);
        let mut remembered = state[..all].to_vec();
        let bytes = try_cast_slice_mut::<_, u8>(&mut remembered).unwrap_or_default();
        kind.take_state(&mut reader, bytes);
        let arena = net.map(|net| N::Network::arena_mut(net).own());
        let arena = arena.transpose()?;
        let mut parameters = arena.as_deref().map(<[_]>::to_vec);
        if let Some(parameters) = &mut parameters {
            kind.take_parameters(&mut reader, "model", parameters);
        }
        let (rate, momentum) = (self.optimizer.learning_rate(), self.optimizer.momentum());
        self.optimizer
            .set_learning_rate(reader.number("learning_rate"));
        if momentum.is_some() {
            self.optimizer.set_momentum(reader.number("momentum"));
        }
        if let Err(error) = self.optimizer.check() {
            reader.differs(
                "learning_rate",
                "one that the optimizer takes, and a momentum".into(),
                error.to_string(),
            );
        }
        if let Err(error) = reader.finish() {
            self.optimizer.set_learning_rate(rate);
            self.optimizer.set_momentum(momentum.unwrap_or_default());
            return Err(error);
        }
        self.state.as_mut()[..all].copy_from_slice(&remembered);
        if let (Some(arena), Some(parameters)) = (arena, parameters) {
            arena.copy_from_slice(&parameters);
        }
        (self.taken, self.factor, self.courses) = (taken, factor, courses);
        Ok(())
    }
}

/// Writes a file, replacing it if it is there.
#[cfg(feature = "std")]
fn write(path: &Path, record: Record) -> Result<()> {
    let shown = path.display().to_string();
    files::write(path, &record.into_bytes(&DESCENT, Some(&shown))?)
}

/// The content of a file, and what it is called.
#[cfg(feature = "std")]
fn read(path: &Path) -> Result<(String, Record)> {
    let shown = path.display().to_string();
    let record = Record::parse(&DESCENT, Some(&shown), &files::read(path)?)?;
    Ok((shown, record))
}
