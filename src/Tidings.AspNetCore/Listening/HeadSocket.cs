using System.Net;
using Tidings.AspNetCore.Kestrel;
using Tidings.Lanes;

namespace Tidings.AspNetCore.Listening;

/// <summary>An accepted socket of which is not yet known who is to have it: the lane looks at its first bytes without taking them.</summary>
internal sealed class HeadSocket(LaneListener listener, EpollLane lane, int fd, EndPoint? remote, HttpPlace place, bool isRefused) : TimerEntry, IEpollSource, ILaneWork
{
    // After this a head that is not complete is the web server's, which has a limit of its own.
    private const int PatienceMilliseconds = 2000;

    private ulong _key;
    private bool _watched;

    void ILaneWork.Run(object? argument)
    {
        if (!listener.TryEnterHead())
        {
            if (isRefused)
            {
                listener.LeaveRefused();
                Native.Close(fd);
            }
            else
            {
                listener.HandOver(fd, place);
            }

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
            Close();
            return;
        }

        if (isRefused)
        {
            // What it has sent is taken: closing a socket with unread bytes would destroy the answer on its way.
            Native.Receive(fd, lane.ReadBuffer, out _);
            Native.Send(fd, HttpPlaces.Refusal, out _);
            Native.EndOutput(fd);
            Close();
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
                listener.HandOver(fd, place);
                break;
            case HeadKind.Undecided when (events & (Libc.EPOLLRDHUP | Libc.EPOLLHUP)) != 0:
                Close();
                break;
            default:
                Watch();
                break;
        }
    }

    void IEpollSource.OnLaneEnded() => Close();

    protected internal override void OnDue()
    {
        if (isRefused)
        {
            Close();
            return;
        }

        Leave();
        listener.HandOver(fd, place);
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

    private void Close()
    {
        Leave();
        Native.Close(fd);
        place.Leave();
        if (isRefused)
        {
            listener.LeaveRefused();
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
        if (!listener.Express.TryServe(head, lane, fd, remote, local, place))
        {
            listener.Offer(new DetachableConnection(lane, fd, head.ToArray(), remote, local) { Place = place });
        }
    }
}
