using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public class SenderSharesTests
{
    [Fact]
    public void One_sender_gets_half_two_get_a_third_and_there_is_always_room_for_one_more()
    {
        var shares = new SenderShares(1200);
        Assert.Equal(600, Fill(shares, "u1"));
        Assert.Equal(300, Fill(shares, "u2"));
        for (var i = 3; i < 9; i++)
        {
            Assert.True(Fill(shares, $"u{i}") > 0);
        }

        Assert.False(shares.HasRoom(Sender.Of("u1", default), 1));
    }

    [Fact]
    public void What_is_given_back_leaves_nothing_behind()
    {
        var shares = new SenderShares(100);
        var share = shares.Take(Sender.Of("u1", default), 3);
        Assert.Same(share, shares.Take(Sender.Of("u1", default), 1));
        Assert.Equal((4, 1), (shares.Taken, shares.Senders));
        shares.Give(share, 3);
        shares.Give(share, 1);
        Assert.Equal((0, 0), (shares.Taken, shares.Senders));
    }

    private static int Fill(SenderShares shares, string user)
    {
        var sender = Sender.Of(user, default);
        var count = 0;
        while (shares.HasRoom(sender, 1))
        {
            shares.Take(sender, 1);
            count++;
        }

        return count;
    }
}
