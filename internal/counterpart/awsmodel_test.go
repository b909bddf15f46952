package counterpart

import (
	"net/http"
	"strings"
	"testing"
)

const (
	keysAsked = "Action=ListAccessKeys&Version=2010-05-08&UserName=u"
	keysHead  = `<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAccessKeysResult>`
	keysList  = `<AccessKeyMetadata><member><AccessKeyId>AKIA</AccessKeyId><Status>Active</Status><CreateDate>2025-03-14T16:57:00Z</CreateDate></member></AccessKeyMetadata>`
	keysTail  = `</ListAccessKeysResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListAccessKeysResponse>`
	refused   = `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>m</Message></Error><RequestId>1</RequestId></ErrorResponse>`
	simulated = "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=a&ActionNames.member.1=s3:*"
	context1  = "&ContextEntries.member.1.ContextKeyName=k&ContextEntries.member.1.ContextKeyType=date&ContextEntries.member.1.ContextKeyValues.member.1=v"
	put       = `{"SecretId":"s","ClientRequestToken":"t","SecretString":"v","VersionStages":["AWSCURRENT"]}`
)

// A judge that finds nothing proves nothing: each way to differ from AWS's models is
// found, and what is right is let through.
func TestEveryWayToDifferFromAWSIsFound(t *testing.T) {
	m := AWS(t)
	good := keysHead + keysList + keysTail
	swap := func(s, from, to string) string {
		if !strings.Contains(s, from) {
			t.Fatalf("%q is not in %q", from, s)
		}
		return strings.Replace(s, from, to, 1)
	}
	for _, c := range []struct {
		name, target, sent string
		status             int
		got, want          string
	}{
		{"as modelled", "", keysAsked, 200, good, ""},
		{"declared refusal", "", keysAsked, 404, refused, ""},
		{"a list", "", simulated + context1, 404, refused, ""},
		{"JSON", "secretsmanager.PutSecretValue", put, 200, `{"ARN":"a","VersionStages":["AWSCURRENT"]}`, ""},
		{"JSON refusal", "secretsmanager.PutSecretValue", put, 400, `{"__type":"ResourceExistsException","Message":"m"}`, ""},

		{"no such operation", "", swap(keysAsked, "ListAccessKeys", "ListKeys"), 200, good, "we send operation"},
		{"of another version", "", swap(keysAsked, "2010-05-08", "2009-01-01"), 200, good, "we send operation"},
		{"unknown member of a request", "", keysAsked + "&User=u", 200, good, "we send /User:"},
		{"lacking member of a request", "", swap(simulated, "&PolicySourceArn=a", ""), 404, refused, "we send /PolicySourceArn"},
		{"a list that begins at 0", "", swap(simulated, "member.1", "member.0"), 404, refused, "we send /ActionNames"},
		{"a word that is none", "", simulated + swap(context1, "Type=date", "Type=time"), 404, refused, "we send /ContextEntries/0/ContextKeyType"},
		{"unknown member deep inside", "", simulated + swap(context1, "KeyName", "Name"), 404, refused, "we send /ContextEntries/0/ContextName"},
		{"a number that is none", "", keysAsked + "&MaxItems=many", 200, good, "we send /MaxItems"},
		{"a parameter twice", "", keysAsked + "&UserName=v", 200, good, "we send /UserName"},
		{"a member of JSON of another type", "secretsmanager.PutSecretValue", swap(put, `"v"`, `1`), 200, `{}`, "we send /SecretString"},
		{"no list in JSON", "secretsmanager.PutSecretValue", swap(put, `["AWSCURRENT"]`, `"AWSCURRENT"`), 200, `{}`, "we send /VersionStages"},
		{"lacking member of JSON", "secretsmanager.PutSecretValue", swap(put, `"SecretId":"s",`, ``), 200, `{}`, "we send /SecretId"},

		{"another root", "", keysAsked, 200, strings.ReplaceAll(good, "ListAccessKeysResponse", "Response"), "the world answers body"},
		{"another namespace", "", keysAsked, 200, swap(good, "iam.", "sts."), "the world answers body"},
		{"no metadata", "", keysAsked, 200, keysHead + keysList + "</ListAccessKeysResult></ListAccessKeysResponse>", "the world answers body"},
		{"a lacking member", "", keysAsked, 200, keysHead + keysTail, "the world answers /AccessKeyMetadata"},
		{"an unknown member", "", keysAsked, 200, keysHead + keysList + "<Total>1</Total>" + keysTail, "the world answers /Total"},
		{"a status that is none", "", keysAsked, 200, swap(good, ">Active<", ">active<"), "the world answers /AccessKeyMetadata/0/Status"},
		{"a time that is none", "", keysAsked, 200, swap(good, "T16:57:00Z", ""), "the world answers /AccessKeyMetadata/0/CreateDate"},
		{"a list's member by another name", "", keysAsked, 200, strings.ReplaceAll(good, "member", "item"), "the world answers /AccessKeyMetadata"},
		{"no XML", "", keysAsked, 200, "oops", "the world answers body"},
		{"another status", "", keysAsked, 204, "", "the world answers status"},
		{"an undeclared refusal", "", keysAsked, 409, swap(refused, "NoSuchEntity", "DeleteConflict"), "the world answers code"},
		{"a refusal without a type", "", keysAsked, 404, swap(refused, "<Type>Sender</Type>", ""), "the world answers /Error"},
		{"the server's fault, called ours", "", keysAsked, 500, refused, "the world answers /Error/Type"},
		{"a refusal that is none", "", keysAsked, 404, "<html>", "the world answers body"},
		{"an unknown member of JSON", "secretsmanager.PutSecretValue", put, 200, `{"Arn":"a"}`, "the world answers /Arn"},
		{"an undeclared refusal in JSON", "secretsmanager.PutSecretValue", put, 400, `{"__type":"NoSuchEntity"}`, "the world answers code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:1/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.target != "" {
				r.Header.Set("Content-Type", "application/x-amz-json-1.1")
				r.Header.Set("X-Amz-Target", c.target)
			}
			var told []string
			for _, v := range m.judge(exchange{r, []byte(c.sent), c.status, http.Header{}, []byte(c.got)}) {
				told = append(told, v.String())
			}
			all := strings.Join(told, "\n")
			if (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
				t.Errorf("found:\n%s\nwant %q", all, c.want)
			}
		})
	}
}

func TestTheProtocolIsHeldToo(t *testing.T) {
	m := AWS(t)
	for _, c := range []struct{ method, address, kind, want string }{
		{"POST", "/", "application/x-www-form-urlencoded", ""},
		{"GET", "/", "application/x-www-form-urlencoded", "address"},
		{"POST", "/?Action=GetRole", "application/x-www-form-urlencoded", "address"},
		{"POST", "/iam/", "application/x-www-form-urlencoded", "address"},
		{"POST", "/", "application/json", "Content-Type"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://127.0.0.1:1"+c.address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.kind)
		var members []string
		for _, v := range m.judge(exchange{r, []byte(keysAsked), 200, http.Header{}, []byte(keysHead + keysList + keysTail)}) {
			members = append(members, v.member)
		}
		if got := strings.Join(members, " "); got != c.want {
			t.Errorf("%s %s as %s: found %q, want %q", c.method, c.address, c.kind, got, c.want)
		}
	}
}
