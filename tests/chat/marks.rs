//! What staff put beside a conversation.

use satubumi::{
    chat::{Incoming, ListQuery, ShortName},
    domain::{Event, StaffId},
};

use crate::support::{Ward, usual};

#[tokio::test]
async fn a_label_that_is_there_already_tells_nobody() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    let conversation =
        ward.chat.receive(Incoming::parse("6281200000001", None, "halo", None)?).await?.conversation;
    let mut events = ward.chat.events();
    let mut told = || {
        let mut count = 0;
        while let Ok(event) = events.try_recv() {
            assert_eq!(event, Event::DeskChanged { conversation });
            count += 1;
        }
        count
    };
    let rujukan = || ShortName::parse("rujukan");
    ward.chat.put_label(conversation, rujukan()?, "ayu".to_owned()).await?;
    assert_eq!(told(), 1);
    ward.chat.put_label(conversation, rujukan()?, "ayu".to_owned()).await?;
    assert_eq!(told(), 0);
    let label = ward.chat.desk(StaffId(1), ListQuery::default(), 1).await?.labels.remove(0).id;
    ward.chat.take_label_off(conversation, label, "ayu".to_owned()).await?;
    assert_eq!(told(), 1);
    ward.chat.take_label_off(conversation, label, "ayu".to_owned()).await?;
    assert_eq!(told(), 0);
    Ok(())
}
