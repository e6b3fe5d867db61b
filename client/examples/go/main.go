// A tour of the API from Go: put and get, a time to live, a condition, a transaction, a scan, a watch, a pipeline.
// Takes the server's address as its argument, 127.0.0.1:7400 unless told. All its keys begin with "tour/"; it
// deletes them in the end. README.md in the folder above makes the stubs that it imports.
//
// Prints:
//
//	color = blue, revision ...
//	session ends in ... ms
//	lock taken: true, again: false
//	moved: 5 left, 3 there
//	tour/shelf/1 = tea
//	tour/shelf/2 = rice
//	watch: PUT tour/door = open
//	watch: DELETE tour/door
//	pipeline: 100 answers, the sum is 4950
//	deleted: 107 keys
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	flashkv "example/flashkv/v1"
)

func main() {
	endpoint := "127.0.0.1:7400"
	if len(os.Args) > 1 {
		endpoint = os.Args[1]
	}
	conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	kv := flashkv.NewKVClient(conn)
	steps := []func(context.Context, flashkv.KVClient) error{
		putAndGet, timeToLive, lock, transaction, scan, watch, pipeline}
	for _, step := range steps {
		if err := step(ctx, kv); err != nil {
			log.Fatal(err)
		}
	}
	done, err := kv.Delete(ctx, &flashkv.DeleteRequest{Prefix: []byte("tour/")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("deleted: %d keys\n", done.Deleted)
}

func put(ctx context.Context, kv flashkv.KVClient, key, value string) error {
	_, err := kv.Put(ctx, &flashkv.PutRequest{Key: []byte(key), Value: []byte(value)})
	return err
}

func get(ctx context.Context, kv flashkv.KVClient, key string) (*flashkv.KeyValue, error) {
	reply, err := kv.Get(ctx, &flashkv.GetRequest{Key: []byte(key)})
	if err != nil {
		return nil, err
	}
	if reply.Kv == nil {
		return nil, fmt.Errorf("no such key: %s", key)
	}
	return reply.Kv, nil
}

func putAndGet(ctx context.Context, kv flashkv.KVClient) error {
	if err := put(ctx, kv, "tour/color", "blue"); err != nil {
		return err
	}
	got, err := get(ctx, kv, "tour/color")
	if err != nil {
		return err
	}
	fmt.Printf("color = %s, revision %d\n", got.Value, got.ModRevision)
	return nil
}

func timeToLive(ctx context.Context, kv flashkv.KVClient) error {
	request := &flashkv.PutRequest{Key: []byte("tour/session"), Value: []byte("token"), TtlMs: 30000}
	if _, err := kv.Put(ctx, request); err != nil {
		return err
	}
	got, err := get(ctx, kv, "tour/session")
	if err != nil {
		return err
	}
	fmt.Printf("session ends in %d ms\n", got.ExpiresAtMs-time.Now().UnixMilli())
	return nil
}

// A lock that ends by itself: it is written only if nobody has it.
func lock(ctx context.Context, kv flashkv.KVClient) error {
	request := &flashkv.PutRequest{Key: []byte("tour/lock"), Value: []byte("me"), TtlMs: 30000,
		Condition: flashkv.Condition_CONDITION_IF_ABSENT}
	first, err := kv.Put(ctx, request)
	if err != nil {
		return err
	}
	second, err := kv.Put(ctx, request)
	if err != nil {
		return err
	}
	fmt.Printf("lock taken: %t, again: %t\n", first.Succeeded, second.Succeeded)
	return nil
}

// Both counters change, or neither.
func transaction(ctx context.Context, kv flashkv.KVClient) error {
	if err := put(ctx, kv, "tour/stock", "8"); err != nil {
		return err
	}
	add := func(key string, delta int64) *flashkv.Op {
		return &flashkv.Op{Op: &flashkv.Op_Increment{Increment: &flashkv.IncrementRequest{Key: []byte(key), Delta: delta}}}
	}
	done, err := kv.Txn(ctx, &flashkv.TxnRequest{
		Compare: []*flashkv.Compare{{Key: []byte("tour/stock"), Target: flashkv.Target_TARGET_EXISTS}},
		Success: []*flashkv.Op{add("tour/stock", -3), add("tour/shop", 3)},
	})
	if err != nil {
		return err
	}
	fmt.Printf("moved: %d left, %d there\n", done.Results[0].GetIncrement().Value, done.Results[1].GetIncrement().Value)
	return nil
}

// All keys with a prefix, in order and from one revision.
func scan(ctx context.Context, kv flashkv.KVClient) error {
	for key, value := range map[string]string{"tour/shelf/2": "rice", "tour/shelf/1": "tea"} {
		if err := put(ctx, kv, key, value); err != nil {
			return err
		}
	}
	stream, err := kv.Scan(ctx, &flashkv.ScanRequest{Prefix: []byte("tour/shelf/")})
	if err != nil {
		return err
	}
	for {
		page, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, item := range page.Kvs {
			fmt.Printf("%s = %s\n", item.Key, item.Value)
		}
	}
}

func watch(ctx context.Context, kv flashkv.KVClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream
	stream, err := kv.Watch(ctx)
	if err != nil {
		return err
	}
	create := &flashkv.WatchCreate{Prefix: []byte("tour/door")}
	if err := stream.Send(&flashkv.WatchRequest{Request: &flashkv.WatchRequest_Create{Create: create}}); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != nil { // created: what is written from now on comes
		return err
	}
	if err := put(ctx, kv, "tour/door", "open"); err != nil {
		return err
	}
	if _, err := kv.Delete(ctx, &flashkv.DeleteRequest{Key: []byte("tour/door")}); err != nil {
		return err
	}
	for seen := 0; seen < 2; {
		reply, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, event := range reply.Events {
			seen++
			if event.Type == flashkv.EventType_EVENT_TYPE_PUT {
				fmt.Printf("watch: PUT %s = %s\n", event.Kv.Key, event.Kv.Value)
			} else {
				fmt.Printf("watch: DELETE %s\n", event.Kv.Key)
			}
		}
	}
	return nil
}

// Many calls in one message. Answers come in any order; the id says whose each is.
func pipeline(ctx context.Context, kv flashkv.KVClient) error {
	stream, err := kv.Pipeline(ctx)
	if err != nil {
		return err
	}
	request := &flashkv.PipelineRequest{}
	for id := range 100 {
		add := &flashkv.IncrementRequest{Key: fmt.Appendf(nil, "tour/n/%d", id), Delta: int64(id)}
		request.Calls = append(request.Calls, &flashkv.Call{Id: uint64(id), Call: &flashkv.Call_Increment{Increment: add}})
	}
	if err := stream.Send(request); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	answers, sum := 0, int64(0)
	for {
		reply, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for _, answer := range reply.Answers {
			if failed := answer.GetError(); failed != nil {
				return fmt.Errorf("call %d: %s", answer.Id, failed.Message)
			}
			answers++
			sum += answer.GetIncrement().Value
		}
	}
	fmt.Printf("pipeline: %d answers, the sum is %d\n", answers, sum)
	return nil
}
