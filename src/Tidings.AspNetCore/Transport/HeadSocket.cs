using System.Net;
using Tidings.Lanes;
using Tidings.Lanes.Epoll;

namespace Tidings.AspNetCore.Transport;

/// <summary>An accepted socket of which is not yet known who is to have it: the lane looks at its first bytes without taking them.</summary>
internal sealed class HeadSocket(LaneListener listener, EpollLane lane, int fd, EndPoint? remote) : TimerEntry, IEpollSource, ILaneWork
{
    // After this a head that is not complete is the web server's, which has a limit of its own.
    private const int PatienceMilliseconds = 2000;

    private ulong _key;
    private bool _watched;

    void ILaneWork.Run(object? argument)
    {
        if (!listener.TryEnterHead())
        {
            listener.HandOver(fd);
            return;
        }

        // In a storm the head has mostly come by now.
        Look(events: 0);
    }

    void IEpollSource.OnReady(uint events) => Look(events);

    private void Look(uint events)
    {
        var status = Native.Receive(fd, lane.ReadBuffer.AsSpan(0, RequestHead.Largest), out var length, peek: true);
        if (status == NativeStatus.WouldBlock)
        {
            Watch();
            return;
        }

        if (status == NativeStatus.Failed || length == 0)
        {
            Leave();
            Native.Close(fd);
            return;
        }

        switch (RequestHead.Classify(lane.ReadBuffer.AsSpan(0, length), out var headLength))
        {
            case HeadKind.Upgrade:
                Leave();
                TakeHead(headLength);
                break;
            case HeadKind.Other:
                Leave();
                listener.HandOver(fd);
                break;
            case HeadKind.Undecided when (events & (Libc.EPOLLRDHUP | Libc.EPOLLHUP)) != 0:
                Leave();
                Native.Close(fd);
                break;
            default:
                Watch();
                break;
        }
    }

    void IEpollSource.OnLaneEnded()
    {
        Leave();
        Native.Close(fd);
    }

    protected internal override void OnDue()
    {
        Leave();
        listener.HandOver(fd);
    }

    private void Watch()
    {
        if (!_watched)
        {
            // Edge-triggered: looking does not take the bytes away, and is worth while only when there are more.
            _watched = true;
            _key = lane.Add(fd, this, Libc.EPOLLIN | Libc.EPOLLRDHUP | Libc.EPOLLET);
            lane.Timers.Schedule(this, lane.Now + PatienceMilliseconds);
        }
    }

    private void Leave()
    {
        if (_watched)
        {
            lane.Timers.Cancel(this);
            lane.Remove(fd, _key);
        }

        listener.LeaveHead();
    }

    // Only the head: what follows stays in the kernel until the lane has the connection back.
    private void TakeHead(int length)
    {
        var head = lane.ReadBuffer.AsSpan(0, length);
        Native.Receive(fd, head, out _);
        var local = listener.LocalEndPoint(fd);
        if (!listener.Express.TryServe(head, lane, fd, remote, local))
        {
            listener.Offer(new DetachableConnection(lane, fd, head.ToArray(), remote, local));
        }
    }
}
