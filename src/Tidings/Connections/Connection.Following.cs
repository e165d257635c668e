using Tidings.Protocol;
using Tidings.Taps;

namespace Tidings.Connections;

/// <content>Who follows what it says and gets.</content>
internal sealed partial class Connection
{
    // Null while nobody looks.
    private FrameTap? _tap;

    /// <summary>Whether somebody follows it. On its lane; from other threads, as far as they can tell.</summary>
    public bool IsFollowed => _tap is not null;

    /// <summary>Tells a follower from now on what the connection says and gets, until it ends. Any thread.</summary>
    public void Follow(Follower follower) => Lane.Post(this, new TapChange(follower, IsFollowed: true));

    /// <summary>Tells it nothing more. Any thread.</summary>
    public void Unfollow(Follower follower) => Lane.Post(this, new TapChange(follower, IsFollowed: false));

    private void Change(TapChange change)
    {
        if (!change.IsFollowed)
        {
            _tap?.Remove(change.Follower);
            _tap = _tap is { IsEmpty: true } ? null : _tap;
        }
        else if (State == ConnectionState.Closed)
        {
            change.Follower.Complete(new FollowEnd(DisconnectCode.Abnormal));
        }
        else
        {
            (_tap ??= new FrameTap(_registry.Time, _handler.HasHeadLines)).Add(change.Follower);
        }
    }

    private void EndTap()
    {
        _tap?.Complete();
        _tap = null;
    }

    private sealed record TapChange(Follower Follower, bool IsFollowed);
}
